"""
A first report
==============

Read a transcript, measure it, and look at findings with what they rest on.
"""

# %%
# The fictional session comes with the package. For one of your own, give its path.
from openrapport import Role, measure, prepare, read_session
from openrapport.demo import demo_path

with demo_path() as path:
    session = prepare(read_session(path))

print(session.name, len(session.utterances), "utterances")

# %%
# A report holds findings, what could not be measured, and moments worth talking about.
report = measure(session)
for moment in report.moments[:3]:
    print(f"{moment.title}. {moment.reason}")

# %%
# No number travels alone: n says how much it rests on, the interval how sure it is.
for finding in report.findings[:8]:
    party = finding.party or "both"
    print(f"{finding.name} ({party}): {finding.value:.2f} {finding.unit}", end=", ")
    print(f"n = {finding.n} {finding.counted}, interval {finding.interval}")

# %%
# What a finding counts can be looked up, and read in its place.
first = report.moments[0].utterances[0]
place = session.utterances.ids.index(first)
for utterance in session.utterances[place : place + 4]:
    print(f"{session.role_of(utterance.party)}: {utterance.text}")

# %%
# What was not measured says why.
for missing in report.not_measured:
    print(missing.step, missing.name or "", missing.reason)

print(sum(session.spoken_by(Role.CLIENT)), "utterances of the client")
