"""The bundle: what goes in comes out, and nothing hostile gets in."""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openrapport.codes import Codes, MeasuredError, Ratings
from openrapport.errors import BadBundle, OpenRapportError
from openrapport.io import archives, bundle
from openrapport.io.bundle import read_bundle, write_bundle
from openrapport.io.files import read_session
from openrapport.session import Party, Role, Session, Source
from openrapport.signal import Signal
from openrapport.utterances import MISSING_MS, Utterances
from tests.sessions import session

QUIET = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
MEASURED = MeasuredError("macro", "f1", 0.61, (0.55, 0.66), 900, "fictional sessions")


def full_session() -> Session:
    spoken = session("T 0-1000 What brings you here?", "C 800- שלום\r\n\x00", "T 2000-2600 Mm-hm.")
    return Session(
        name="a name",
        parties=spoken.parties,
        utterances=spoken.utterances,
        signals={
            "motion_energy:client": Signal([1.0, 2.5], [True, False], 25.0, "px/frame", start_ms=40),
            "empty": Signal([], [], 1.0, "s"),
        },
        codes=(
            Codes(
                "strategy",
                "rules.v1",
                ("advice", "summary"),
                [0, 2, 2],
                [1, 0, 1],
                [1, 0.5, 0.1],
                (MEASURED,),
            ),
            Codes("talk", "nobody", (), [], [], []),
            Codes("talk", "rules.v1", ("change",), [1], [0], [1 / 3]),
        ),
        ratings=(Ratings("sentiment", "lexicon.v1", [0.1, np.nan, -1], "-1 to 1"),),
        duration_ms=3000,
        language="en-GB",
        sources=(Source("a.vtt", "0" * 64),),
    )


def test_a_bundle_keeps_everything(tmp_path: Path) -> None:
    assert write_bundle(full_session(), tmp_path / "s.zip") == ()
    assert read_bundle(tmp_path / "s.zip") == full_session()
    assert read_session(tmp_path / "s.zip") == full_session()


def test_the_same_session_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.zip", "b.zip"):
        write_bundle(full_session(), tmp_path / name)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


@st.composite
def sessions(draw: st.DrawFn) -> Session:
    text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
    ids = draw(st.lists(text, max_size=5, unique=True))
    starts = sorted(draw(st.integers(0, 10**7)) for _ in ids)
    ends = [start + draw(st.integers(0, 9)) if draw(st.booleans()) else MISSING_MS for start in starts]
    parties = (Party(draw(text), Role.CLIENT), Party(draw(text), Role.THERAPIST))
    party = [draw(st.integers(0, 1)) for _ in ids]
    spoken = Utterances(tuple(ids), party, tuple(draw(text) for _ in ids), starts, ends)
    coded = sorted(draw(st.lists(st.integers(0, len(ids) - 1), max_size=6))) if ids else []
    share = st.floats(0, 1)
    numbers = st.floats(allow_infinity=False, allow_nan=False)
    samples = draw(st.lists(st.tuples(numbers, st.booleans()), max_size=4))
    return Session(
        draw(text),
        parties,
        spoken,
        signals={draw(text): Signal([v for v, _ in samples], [b for _, b in samples], 0.5, draw(text))},
        codes=(Codes("s", draw(text), ("a",), coded, [0] * len(coded), [draw(share) for _ in coded]),),
        ratings=(Ratings(draw(text), "r", [draw(numbers) for _ in ids], "u"),),
        duration_ms=draw(st.none() | st.integers(0, 2**31)),
    )


@QUIET
@given(before=sessions())
def test_any_session_comes_back_from_a_bundle(tmp_path: Path, before: Session) -> None:
    assert write_bundle(before, tmp_path / "s.zip") == ()
    assert read_bundle(tmp_path / "s.zip") == before


def test_half_a_character_is_replaced_and_said(tmp_path: Path) -> None:
    assert write_bundle(session("T a\ud800b"), tmp_path / "s.zip") == (
        "Half characters cannot be written: replaced by “\ufffd” in 1 utterance.",
    )
    assert read_bundle(tmp_path / "s.zip").utterances.text == ("a\ufffdb",)


def changed(path: Path, change: Callable[[dict[str, Any], dict[str, bytes]], object]) -> Path:
    """A bundle whose manifest and members somebody changed, with hashes that fit again."""
    write_bundle(full_session(), path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(members.pop("manifest.json"))
    change(manifest, members)
    manifest["members"] = {name: sha256(data).hexdigest() for name, data in members.items()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in {"manifest.json": json.dumps(manifest).encode(), **members}.items():
            archive.writestr(name, data)
    return path


def parquet(columns: dict[str, Any], **options: Any) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([pa.field(n, pa.array(v).type, nullable=False) for n, v in columns.items()])
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns, schema=schema), buffer, **options)
    return buffer.getvalue()


PLAIN = {"compression": "none", "use_dictionary": False}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m, _: m.update(format="x"), "manifest.json is of another format"),
        (lambda m, _: m.update(version=2), "its version is 2, this program reads 1; use a newer one"),
        (
            lambda m, _: m.update(version=True),
            "'version' in manifest.json is missing or of a wrong kind",
        ),
        (lambda m, _: m.update(name=5), "'name' in manifest.json"),
        (lambda m, _: m.pop("duration_ms"), "'duration_ms' in manifest.json"),
        (lambda m, _: m.update(parties=["a"]), "'parties' in manifest.json"),
        (lambda m, _: m["parties"][0].update(role="boss"), "'role' in manifest.json"),
        (lambda m, _: m.update(duration_ms=10**400), "'duration_ms' in manifest.json"),
        (lambda m, _: m.update(duration_ms=-1), "holds is no session: a time is negative"),
        (lambda m, _: m["signals"][0].update(rate_hz=10**400), "'rate_hz' in manifest.json"),
        (lambda m, _: m["signals"][0].update(rate_hz=float("inf")), "'rate_hz' in manifest.json"),
        (lambda m, _: m["codes"][0]["measured"][0].update(value=float("nan")), "'value' in manifest"),
        (lambda m, _: m["codes"][0]["measured"][0].update(interval=[0, "1"]), "'interval' in manifest"),
        (lambda m, _: m.update(more="x" * 9_000_000), "manifest.json is larger than 8 MiB"),
        (
            lambda m, _: m["parties"].pop(),
            "holds is no session: a session has 0 parties with the role c",
        ),
        (lambda m, _: m["codes"][0].update(labels=[1]), "'labels' in manifest.json"),
        (lambda m, _: m["codes"][0].update(labels=["a"]), "a code of strategy is outside its 1 labels"),
        (lambda m, _: m["codes"][0]["measured"][0].update(interval=[1]), "'interval' in manifest"),
        (lambda m, _: m["codes"].pop(), "belong to no set"),
        (lambda m, _: m["signals"].pop(), "another number of signals"),
        (lambda m, _: m["signals"][0].update(name="empty"), "a signal's name stands twice"),
        (lambda _, f: f.update({"../../evil": b""}), "a member that no bundle has"),
        (lambda _, f: f.pop("codes.parquet"), "codes.parquet is missing"),
        (lambda _, f: f.update({"codes.parquet": b"PAR1"}), "codes.parquet is damaged"),
        (
            lambda _, f: f.update({"ratings.parquet": f["codes.parquet"]}),
            "ratings.parquet has other columns",
        ),
        (
            lambda _, f: f.update(
                {"ratings.parquet": parquet({"set": [0] * 9**5, "value": [0.0] * 9**5})}
            ),
            "ratings.parquet is damaged",
        ),
        (
            lambda _, f: f.update({"ratings.parquet": parquet({"set": [0], "value": [0.5]}, **PLAIN)}),
            "ratings of sentiment are not one for each utterance",
        ),
    ],
)
def test_a_wrong_bundle_says_what_is_wrong(tmp_path: Path, change: Any, message: str) -> None:
    with pytest.raises(BadBundle) as caught:
        read_bundle(changed(tmp_path / "s.zip", change))
    assert str(caught.value).startswith("s.zip: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def spoken_table(n: int, text: str, **options: Any) -> bytes:
    numbers = {"party": [0] * n, "start_ms": [0] * n, "end_ms": [1] * n}
    return parquet({"id": [f"{i}" for i in range(n)], **numbers, "text": [text] * n}, **options)


def test_a_table_that_hides_a_dictionary_makes_no_gigabytes(tmp_path: Path) -> None:
    options = {"compression": "none", "use_dictionary": ["text"], "write_statistics": False}
    table = bytearray(spoken_table(2_000, "x" * 20_000, **options))
    footer = len(table) - 8 - int.from_bytes(table[-8:-4], "little")
    # The encodings that the footer lists: plain, runs, dictionary; the last becomes runs, which may be.
    at = table.index(b"\x00\x06\x10", footer)
    table[at + 2] = 6
    with pytest.raises(BadBundle, match=r"utterances\.parquet is damaged"):
        read_bundle(
            changed(tmp_path / "s.zip", lambda _, f: f.update({"utterances.parquet": bytes(table)}))
        )


def test_a_bundle_holds_no_more_than_a_session_can(tmp_path: Path) -> None:
    for n, text in ((50_001, ""), (3, "x" * 3_000_000)):
        table = spoken_table(n, text, **PLAIN)
        with pytest.raises(BadBundle, match=r"^s\.zip: holds more than 50,000 utterances or 8,388,608"):
            read_bundle(
                changed(tmp_path / "s.zip", lambda _, f, t=table: f.update({"utterances.parquet": t}))
            )


def test_a_member_that_was_changed_is_named(tmp_path: Path) -> None:
    write_bundle(full_session(), tmp_path / "s.zip")
    with (
        zipfile.ZipFile(tmp_path / "s.zip") as whole,
        zipfile.ZipFile(tmp_path / "t.zip", "w") as other,
    ):
        for name in whole.namelist():
            other.writestr(name, whole.read(name) + (b"x" if name == "codes.parquet" else b""))
    with pytest.raises(BadBundle, match=r"^t\.zip: codes\.parquet was changed or damaged"):
        read_bundle(tmp_path / "t.zip")


def test_zip_bombs_are_refused_before_they_are_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "b.zip"
    monkeypatch.setattr(bundle, "MAX_UNPACKED_BYTES", 1_000_000)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", bytes(2_000_000))
    with pytest.raises(BadBundle, match=r"^b\.zip: unpacks to more than 0\.9"):
        read_bundle(path)
    # The same, with a directory that lies about the size.
    lie = path.read_bytes().replace((2_000_000).to_bytes(4, "little"), (900).to_bytes(4, "little"))
    path.write_bytes(lie)
    with pytest.raises(BadBundle, match=r"^b\.zip: the file is damaged"):
        read_bundle(path)
    monkeypatch.setattr(archives, "MAX_MEMBERS", 3)
    with zipfile.ZipFile(path, "w") as archive:
        for i in range(4):
            archive.writestr(str(i), "")
    with pytest.raises(BadBundle, match=r"^b\.zip: holds more than 3 members"):
        read_bundle(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_other_zip_files_are_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", "")
    with pytest.raises(BadBundle, match=r"^b\.zip: holds no manifest\.json"):
        read_bundle(path)
    encrypted = bytearray(path.read_bytes())
    encrypted[encrypted.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(encrypted)
    with pytest.raises(BadBundle, match=r"^b\.zip: the file is encrypted"):
        read_bundle(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("manifest.json", "{}")
    with pytest.raises(BadBundle, match=r"^b\.zip: packed by a method"):
        read_bundle(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("manifest.json", "{}")
        archive.writestr("manifest.json", "{}")
    with pytest.raises(BadBundle, match=r"^b\.zip: a member stands in it twice"):
        read_bundle(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("manifest.json", "[" * 100_000)
    with pytest.raises(BadBundle, match=r"^b\.zip: manifest\.json is damaged"):
        read_bundle(path)
    with pytest.raises(BadBundle, match=r"^no\.zip: the file cannot be read"):
        read_bundle(tmp_path / "no.zip")


@QUIET
@given(noise=st.binary(max_size=40), at=st.integers(0, 6000), dropped=st.integers(0, 60))
def test_damage_never_raises_anything_but_our_own_error(
    tmp_path: Path, noise: bytes, at: int, dropped: int
) -> None:
    write_bundle(full_session(), tmp_path / "whole.zip")
    whole = (tmp_path / "whole.zip").read_bytes()
    for content in (noise, whole[:at] + noise + whole[at + dropped :]):
        (tmp_path / "f.zip").write_bytes(content)
        with contextlib.suppress(OpenRapportError):
            read_bundle(tmp_path / "f.zip")


@QUIET
@given(at=st.integers(0, 1200), noise=st.binary(min_size=1, max_size=8))
def test_a_damaged_table_with_a_hash_that_fits_is_our_own_error(
    tmp_path: Path, at: int, noise: bytes
) -> None:
    def damage(_: dict[str, Any], members: dict[str, bytes]) -> None:
        table = members["utterances.parquet"]
        members["utterances.parquet"] = table[:at] + noise + table[at + len(noise) :]

    with contextlib.suppress(OpenRapportError):
        read_bundle(changed(tmp_path / "s.zip", damage))
