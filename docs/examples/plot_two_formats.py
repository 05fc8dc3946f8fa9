"""
Read two formats, and convert
=============================

The same session as WebVTT and as a table, and what a format cannot carry.
"""

# %%
# The fictional session is a WebVTT file.
import tempfile
from pathlib import Path

from openrapport import read_session, write_session
from openrapport.demo import demo_path

with demo_path() as path:
    session = read_session(path)

# %%
# Written as a table it reads back with the same words, times and roles.
folder = Path(tempfile.mkdtemp())
print(write_session(session, folder / "session.csv"))
again = read_session(folder / "session.csv")
print(again.utterances == session.utterances, [str(p.role) for p in again.parties])

# %%
# Subtitles keep less, and writing them says what is left out.
for sentence in write_session(session, folder / "session.srt"):
    print(sentence)
