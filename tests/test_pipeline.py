"""From a session to a report: what runs, what is said where something is missing, and sameness."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from openrapport import pipeline
from openrapport.codes import Codes
from openrapport.coding.coder import Coder
from openrapport.coding.schemes import SCHEMES
from openrapport.errors import BadInput
from openrapport.finding import Finding, NotMeasured, Report
from openrapport.session import Role, Session
from openrapport.utterances import Utterances
from tests.sessions import session

Key = tuple[str | None, Role | None, str | None]

_THERAPIST = (
    "How was the week for you?",
    "So it was a heavy week, and you feel alone with it.",
    "You could try to tell them no.",
    "Did you sleep at all?",
)
_CLIENT = (
    "It was hard, and I was so tired that I cried in the car.",
    "Yeah, I guess.",
    "I don't know what I would say to them if they called me again.",
    "It was a good day when we went to the lake, I felt calm and happy.",
)


class Silent:
    """Looks for one code and finds it nowhere."""

    name = "silent.v1"

    def code(self, _: Session) -> tuple[Codes, ...]:
        return (Codes("strategy", self.name, ("advice",), [], [], []),)


class Half:
    """Gives other schemes than the rules do."""

    name = "half.v1"

    def code(self, _: Session) -> tuple[Codes, ...]:
        schemes = {name: labels[:1] for name, labels in SCHEMES.items()}
        return tuple(Codes(name, self.name, labels, [], [], []) for name, labels in schemes.items())


def held(*, timed: bool = True, exchanges: int = 60, language: str | None = None) -> Session:
    rows, at = [], 0
    for i in range(exchanges):
        for who, text in (("T", _THERAPIST[i % 4]), ("C", _CLIENT[i % 3 if i % 5 else 3])):
            times = f" {at}-{at + 300 * len(text.split())}" if timed else ""
            rows.append(f"{who}{times} {text}")
            at += 300 * len(text.split()) + 400 + 37 * (i % 7)
    return replace(session(*rows), language=language, approach="motivational_interviewing")


def promised(step: pipeline.Step) -> list[Key]:
    return [(g.name, party, a) for g in step.gives for party in g.parties for a in g.aspects]


def covers(missing: NotMeasured, key: Key) -> bool:
    """A reason without a name, a person or an aspect speaks for all of them."""
    of_missing = (missing.name, missing.party, missing.aspect)
    return all(mine in (None, its) for mine, its in zip(of_missing, key, strict=True))


def first(n: int, *, timed: bool) -> Session:
    """The first utterances of a session."""
    whole = held(timed=timed)
    spoken = whole.utterances
    columns = (spoken.ids, spoken.party, spoken.text, spoken.start_ms, spoken.end_ms)
    return replace(whole, utterances=Utterances(*(column[:n] for column in columns)))


def of_one(role: str, n: int, *, timed: bool) -> Session:
    rows = [f"{i * 5000}-{i * 5000 + 2000} " if timed else "" for i in range(n)]
    return session(*(f"{role} {times}{_CLIENT[i % 4]}" for i, times in enumerate(rows)))


@pytest.fixture(scope="module")
def report() -> Report:
    return pipeline.run(held())


def whole_steps_missing(report: Report) -> dict[str, str]:
    return {m.step: m.reason for m in report.not_measured if m.name is None}


def test_step_names_are_unique_and_carry_a_version() -> None:
    names = [step.name for step in pipeline.STEPS]
    assert len(set(names)) == len(names)
    assert all(name.rsplit(".v", 1)[1].isdigit() for name in names)


def test_every_step_runs_on_a_session_that_has_all(report: Report) -> None:
    assert report.steps == tuple(step.name for step in pipeline.STEPS)
    assert not whole_steps_missing(report)


def test_every_result_names_the_step_that_made_it(report: Report) -> None:
    made = {r.step for r in (*report.findings, *report.not_measured, *report.moments)}
    assert made <= set(report.steps)


SHORT = {
    f"{n} utterances{', timed' * timed}": first(n, timed=timed)
    for n in (0, 1, 2, 10)
    for timed in (False, True)
}
ODD = {
    **{f"{role} alone, {n}": of_one(role, n, timed=n % 2 == 0) for role in "TCO" for n in (1, 60, 61)},
    "no times": held(timed=False),
    "two minutes": first(40, timed=True),
    "no words": session(*(f"{'TC'[i % 2]} {i * 1000}-{i * 1000 + 500}" for i in range(60))),
    "no lengths": session(*(f"{'TC'[i % 2]} {i * 1000}-{i * 1000} so I did" for i in range(60))),
    "whole seconds": session(*(f"{'TC'[i % 2]} {i * 3000}-{i * 3000 + 2000} so I" for i in range(400))),
    "three people": session(*(f"{'TCO'[i % 3]} we did it then, and I see it" for i in range(400))),
    "another language": held(language="de"),
    "all": held(),
}


@pytest.mark.parametrize("coder", [None, Silent(), Half()], ids=["rules", "silent", "half"])
@pytest.mark.parametrize("name", [*SHORT, *ODD])
def test_what_a_step_promises_is_measured_or_it_is_said_why_not(name: str, coder: Coder | None) -> None:
    report = pipeline.run({**SHORT, **ODD}[name], coder=coder)
    for step in pipeline.STEPS:
        measured = [(f.name, f.party, f.aspect) for f in report.findings if f.step == step.name]
        measured += [("moments", None, None)] if report.moments and step.name == "moments.v1" else []
        missing = [m for m in report.not_measured if m.step == step.name]
        for key in promised(step):
            told = any(covers(m, key) for m in missing)
            assert (key in measured) or told, f"{step.name} is silent about {key}"
        assert all(m.reason for m in missing)


def test_every_finding_was_promised(report: Report) -> None:
    keys = {key for step in pipeline.STEPS for key in promised(step)}
    assert {(f.name, f.party, f.aspect) for f in report.findings} <= keys


def test_no_finding_stands_twice(report: Report) -> None:
    keys = [(f.name, f.party, f.aspect) for f in report.findings]
    assert len(set(keys)) == len(keys)


def test_evidence_points_into_the_session_in_its_order(report: Report) -> None:
    place = {id_: i for i, id_ in enumerate(held().utterances.ids)}
    for finding in report.findings:
        places = [place[e] for e in finding.evidence if isinstance(e, str)]
        assert places == sorted(places), finding.name


def test_without_times_what_needs_them_is_not_measured() -> None:
    report = pipeline.measure(held(timed=False))
    assert "0 of 120 have both" in whole_steps_missing(report)["timing.v1"]
    assert not [f for f in report.findings if f.step == "timing.v1"]


def test_times_count_when_four_of_five_utterances_of_each_have_them() -> None:
    whole = held()
    end = whole.utterances.end_ms.copy()
    end[: 2 * 13 : 2] = -1  # 13 of the therapist's 60
    fewer = replace(whole, utterances=replace(whole.utterances, end_ms=end))
    report = pipeline.measure(fewer, only=["timing.v1"])
    assert "107 of 120 have both" in whole_steps_missing(report)["timing.v1"]
    end[24] = whole.utterances.end_ms[24]  # 12 of them
    enough = replace(whole, utterances=replace(whole.utterances, end_ms=end))
    assert not whole_steps_missing(pipeline.measure(enough, only=["timing.v1"]))


def test_another_language_is_not_coded_and_says_so() -> None:
    german = held(language="de")
    assert pipeline.prepare(german) is german
    missing = whole_steps_missing(pipeline.measure(german))
    assert {"codes.v1", "language.v1", "coordination.v1", "affect.v1"} <= set(missing)
    assert "works for English only" in missing["language.v1"]


def test_the_language_is_told_from_the_words_where_nobody_says_it() -> None:
    rows = ["T Wie war die Woche?", "C Ich weiß nicht, es ging so."] * 20
    assert "language.v1" in whole_steps_missing(pipeline.measure(session(*rows)))


def test_an_unprepared_session_has_no_codes_to_count() -> None:
    missing = whole_steps_missing(pipeline.measure(held(), only=["codes.v1"]))
    assert missing["codes.v1"] == "needs codes:strategy, and this session has none"


def test_an_empty_session_gives_reasons_and_no_number() -> None:
    report = pipeline.run(session())
    assert not report.findings
    assert not report.moments
    assert set(whole_steps_missing(report)) == {step.name for step in pipeline.STEPS}


def test_the_same_session_gives_the_same_report(report: Report) -> None:
    assert pipeline.run(held()) == report


def test_a_step_gives_the_same_numbers_whichever_others_run(report: Report) -> None:
    prepared = pipeline.prepare(held())
    for step in pipeline.STEPS:
        alone = pipeline.measure(prepared, only=[step.name])
        assert alone.steps == (step.name,)
        assert alone.findings == tuple(f for f in report.findings if f.step == step.name)
        assert alone.moments == tuple(m for m in report.moments if m.step == step.name)


def test_another_seed_changes_intervals_and_never_values(report: Report) -> None:
    other = pipeline.run(held(), seed=1)
    assert [f.value for f in other.findings] == [f.value for f in report.findings]
    assert other.findings != report.findings


def test_an_unknown_step_is_refused_with_those_that_exist() -> None:
    with pytest.raises(BadInput, match=r"no step is called 'magic'; expected one of floor\.v1"):
        pipeline.measure(held(), only=["magic"])


def test_a_coder_can_be_replaced() -> None:
    prepared = pipeline.prepare(held(), coder=Silent())
    assert [codes.coder for codes in prepared.codes] == ["silent.v1"]


def test_steps_are_handed_a_generator_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[float] = []

    def draw(_: Session, rng: np.random.Generator) -> list[Finding | NotMeasured]:
        drawn.append(float(rng.random()))
        return []

    needs = frozenset({"utterances"})
    steps = tuple(pipeline.Step(name, draw, needs, ()) for name in ("one.v1", "two.v1"))
    monkeypatch.setattr(pipeline, "STEPS", steps)
    pipeline.measure(held())
    pipeline.measure(held(), only=["two.v1"])
    assert drawn[0] != drawn[1]
    assert drawn[1] == drawn[2]
