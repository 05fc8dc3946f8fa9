"""
Do the two word things alike, or is it chance?
==============================================

Two people in one room use many of the same words anyway. So every finding of language together
stands beside what the same calculation gives when one party's turns are put in another order.
"""

# %%
from openrapport import read_session, run
from openrapport.demo import demo_path

with demo_path() as path:
    report = run(read_session(path))

# %%
# A value inside the band is what chance gives: there is nothing to read in it.
for finding in report.findings:
    if finding.null is None:
        continue
    band = finding.null
    inside = band.low <= finding.value <= band.high
    names = " ".join(filter(None, (finding.name, finding.party, finding.aspect)))
    print(f"{names:45} {finding.value:6.3f}  chance {band.low:6.3f} to {band.high:6.3f}", end="  ")
    print("as by chance" if inside else "not as by chance", f"(n = {finding.n} {finding.counted})")

# %%
# With as many findings as these, about one in twenty lies outside its band by chance alone. Read
# a single one as a question to the two people, not as an answer.
beside_chance = [f for f in report.findings if f.null is not None]
outside = [f for f in beside_chance if not f.null.low <= f.value <= f.null.high]
print(
    f"{len(outside)} of {len(beside_chance)} lie outside; {len(beside_chance) / 20:.1f} would by chance"
)
