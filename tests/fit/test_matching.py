"""Needs, scores, short lists and reasons of a few people."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrapport.errors import BadInput
from openrapport.fit.explanation import Standing, explain, first_wish_met, score_of
from openrapport.fit.needs import Obstacle, blocked, obstacles, possible
from openrapport.fit.preferences import (
    Dimension,
    Format,
    Leaning,
    Need,
    Needs,
    Preferences,
    Strength,
    Wish,
    WishKind,
)
from openrapport.fit.profiles import Profile
from openrapport.fit.scoring import PartKind, Weights, parts_of
from openrapport.fit.shortlist import shortlist
from openrapport.fit.slots import WeeklySlot, in_zone, weeks_from
from openrapport.fit.wording import need_sentence, obstacle_sentence, reason_sentence, what_if_sentence
from tests.fit.people import HOUSE, KETTLE, LAMP, TODAY, directory, hours, leanings

WOMAN = Wish(WishKind.GENDER, frozenset({"woman"}), Strength.WOULD_LIKE)
MUST = replace(WOMAN, strength=Strength.MUST)


@pytest.mark.parametrize(
    ("needs", "who"),
    [
        (Needs(), ["Lamp", "Kettle", "Silent"]),
        (Needs(languages=frozenset({"de", "fr"})), ["Lamp"]),
        (Needs(formats=frozenset({Format.VIDEO, Format.PHONE})), ["Kettle"]),
        (Needs(places=frozenset({"north"})), ["Lamp"]),
        (
            Needs(places=frozenset({"south"}), formats=frozenset({Format.ROOM, Format.VIDEO})),
            ["Kettle"],
        ),
        (Needs(access=frozenset({"step-free"})), ["Lamp"]),
        (Needs(access=frozenset({"step-free", "loop"})), []),
        (Needs(most_fee=120), ["Lamp", "Kettle"]),
        (Needs(age_group="adult"), ["Lamp"]),
        (Needs(slots=hours("Mon 09:00", "Fri 18:00")), ["Lamp", "Kettle"]),
    ],
)
def test_needs_rule_out_who_does_not_meet_them_or_does_not_say(needs: Needs, who: list[str]) -> None:
    marks = possible(Preferences(needs), HOUSE)
    assert [p.therapist for p, mark in zip(HOUSE.profiles, marks, strict=True) if mark] == who


def test_a_wish_rules_out_only_where_it_is_a_must() -> None:
    assert possible(Preferences(wishes=(MUST,)), HOUSE).tolist() == [True, False, False]
    assert possible(Preferences(wishes=(WOMAN,)), HOUSE).all()


def test_it_says_which_need_blocks_and_what_relaxing_it_would_give() -> None:
    client = Preferences(Needs(languages=frozenset({"de"}), most_fee=50), wishes=(MUST,))
    assert obstacles(client, HOUSE) == (
        Obstacle(Need.FEE, blocks=3, not_stated=1, would_give=1, of=3),
        Obstacle(Need.LANGUAGE, blocks=2, not_stated=1, would_give=0, of=3),
        Obstacle(Need.GENDER, blocks=2, not_stated=1, would_give=0, of=3),
    )
    relaxed = replace(client, needs=replace(client.needs, most_fee=None))
    assert possible(relaxed, HOUSE).sum() == 1
    assert obstacle_sentence(obstacles(client, HOUSE)[0]) == (
        "3 of 3 therapists do not fit the fee (1 do not say); without this need, 1 would be possible."
    )


def test_no_preference_is_something_else_than_the_middle() -> None:
    without = parts_of(Preferences(), HOUSE)
    middle = parts_of(Preferences(leanings=leanings(lead=0)), HOUSE)
    assert without.score.tolist() == [0.5, 0.5, 0.5]
    assert [bound.tolist() for bound in without.interval] == [[0, 0, 0], [1, 1, 1]]
    assert middle.score.tolist() == [0.5, 0.5, 0.5]
    assert middle.interval[0][0] > 0


def test_a_score_is_the_weighted_mean_of_its_parts() -> None:
    client = Preferences(
        leanings=(
            Leaning(Dimension.LEAD, 3, importance=3),
            Leaning(Dimension.FEELING, 3, importance=1),
        ),
        wishes=(WOMAN,),
        problems=frozenset({"sleep", "anger"}),
    )
    found = parts_of(client, HOUSE, weights=Weights(leaning=1, wish=3, problems=2))
    lamp = (3 * 1 + 1 * 0.5 + 3 * 1 + 2 * 0.5) / 9
    kettle = (3 * 0 + 1 * 0.5 + 3 * 0 + 2 * 0.5) / 9
    assert found.score == pytest.approx([lamp, kettle, 0.5])


def test_what_is_unknown_widens_the_interval() -> None:
    found = parts_of(Preferences(leanings=leanings(lead=1)), HOUSE)
    low, high = found.interval
    assert (high - low)[2] > (high - low)[0] > 0
    # One point of either side's spread, on a width of six: 1.96 * sqrt(2) / 6.
    assert found.score[0] - low[0] == pytest.approx(1.96 * np.sqrt(2) / 6)


def test_a_track_record_counts_only_where_it_is_given_and_weighted() -> None:
    client = Preferences(problems=frozenset({"sleep"}))
    record = {"sleep": np.array([0.0, 1.0, np.nan])}
    assert len(parts_of(client, HOUSE, effective=record).kinds) == 1
    found = parts_of(client, HOUSE, weights=Weights(problems=1, track_record=1), effective=record)
    assert found.score.tolist() == [0.5, 0.5, 0.5]
    assert found.kinds[1][0] is PartKind.TRACK_RECORD


def test_gender_never_counts_without_a_wish() -> None:
    client = Preferences(leanings=leanings(lead=1), problems=frozenset({"sleep"}))
    other = directory(replace(LAMP, about={WishKind.GENDER: frozenset({"man"})}), KETTLE)
    assert parts_of(client, other).score[0] == parts_of(client, HOUSE).score[0]


values = st.integers(-3, 3).map(float)


@st.composite
def clients(draw: st.DrawFn) -> Preferences:
    chosen = draw(st.lists(st.sampled_from(Dimension), unique=True))
    return Preferences(
        Needs(languages=draw(st.frozensets(st.sampled_from(["en", "de"]), max_size=1))),
        leanings=tuple(Leaning(d, draw(values), draw(st.integers(1, 3))) for d in chosen),
        wishes=draw(st.sampled_from([(), (WOMAN,), (MUST,)])),
        problems=draw(st.frozensets(st.sampled_from(["sleep", "grief", "anger"]))),
    )


@given(clients())
def test_the_score_can_be_made_again_from_its_reasons(client: Preferences) -> None:
    found = parts_of(client, HOUSE)
    for row, profile in enumerate(HOUSE.profiles):
        why = explain(client, HOUSE, found, row)
        assert score_of(reason.part for reason in why.reasons) == pytest.approx(why.score)
        assert found.score[row] == pytest.approx(why.score)
        assert why.interval[0] <= why.score <= why.interval[1]
        assert set(why.met) | set(why.unmet) == set(blocked(client, HOUSE))
        stated = {leaning.dimension for leaning in profile.leanings}
        for reason in why.reasons:
            if reason.part.kind is PartKind.LEANING:
                known = reason.part.aspect in stated
                assert (reason.standing is Standing.UNKNOWN) == (not known)
            assert reason_sentence(reason).endswith(".")


@given(clients())
def test_what_would_change_a_score_does(client: Preferences) -> None:
    why = explain(client, HOUSE, parts_of(client, HOUSE), 1)
    for change in why.would_change:
        kept = tuple(x for x in client.leanings if x.dimension != change.part.aspect)
        if change.part.kind is PartKind.LEANING:
            without = parts_of(replace(client, leanings=kept), HOUSE)
            assert change.left_out == pytest.approx(without.score[1])
        others = [r.part for r in why.reasons if r.part != change.part]
        assert change.met == pytest.approx(score_of([*others, replace(change.part, fit=1.0)]))
        assert change.met >= why.score - 1e-12


def test_the_first_wish_is_what_matters_most() -> None:
    def met(therapist: int, *leanings: Leaning) -> bool | None:
        client = Preferences(leanings=leanings)
        return first_wish_met(explain(client, HOUSE, parts_of(client, HOUSE), therapist))

    lead, feeling = Leaning(Dimension.LEAD, 3, 3), Leaning(Dimension.FEELING, 3, 1)
    assert met(0, lead, feeling) is True
    assert met(1, lead) is False
    assert met(2, lead) is None
    assert met(0) is None
    assert met(0, lead, replace(feeling, importance=3)) is False


def test_what_would_change_is_said_in_shares_of_wishes() -> None:
    client = Preferences(leanings=leanings(lead=3), wishes=(WOMAN,))
    why = explain(client, HOUSE, parts_of(client, HOUSE), 1)
    assert [what_if_sentence(change) for change in why.would_change] == [
        "If the therapist's gender did not matter to you, 0 % of your wishes would be met; if it fitted "
        "fully, 60 %.",
        "If leading yourself or the therapist leading did not matter to you, 0 % of your wishes would be "
        "met; if it fitted fully, 40 %.",
    ]


def test_sentences_say_what_counted() -> None:
    client = Preferences(leanings=leanings(lead=2, feeling=-3, past=0), wishes=(WOMAN,))
    why = explain(client, HOUSE, parts_of(client, HOUSE), 0)
    assert [reason_sentence(reason) for reason in why.reasons] == [
        "Your wish about the therapist's gender is met.",
        "You lean towards the therapist leading, they strongly towards leading. That fits.",
        "You lean strongly towards keeping feelings in bounds, they towards the middle between keeping "
        "feelings in bounds and going into feelings. That fits in part.",
        "You lean towards the middle between looking at the present and looking at the past; how they "
        "work is not known here: the profile does not say.",
    ]
    assert need_sentence(Need.FEE) == "The fee fits what you need."


def many(n: int, **same: float) -> list[Profile]:
    return [Profile(f"t{row}", 1, leanings=leanings(**same)) for row in range(n)]


def test_a_short_list_begins_with_the_best_fit_and_keeps_to_needs_and_places() -> None:
    client = Preferences(Needs(languages=frozenset({"en"})), leanings=leanings(lead=-3))
    full = replace(KETTLE, therapist="Full", capacity=0)
    house = directory(LAMP, full, KETTLE)
    found = shortlist(client, house, parts_of(client, house))
    assert found.therapists == (2, 0)
    assert found.possible == 2


def test_among_equals_those_go_first_who_were_shown_less() -> None:
    client = Preferences(leanings=leanings(lead=1))
    house = directory(*many(6, lead=1))
    found = shortlist(client, house, parts_of(client, house), shown=[9, 9, 0, 9, 0, 0])
    assert sorted(found.therapists) == [2, 4, 5]
    assert found.alike == 6


def test_among_equals_those_go_first_who_differ() -> None:
    client = Preferences(leanings=leanings(lead=1))
    alike, other = many(4, lead=1, past=-3), replace(many(1, lead=1, past=3)[0], therapist="other")
    house = directory(*alike, other)
    found = shortlist(client, house, parts_of(client, house))
    assert 4 in found.therapists


def test_who_clearly_fits_less_is_not_shown_for_variety() -> None:
    client = Preferences(leanings=tuple(Leaning(d, 3, 3) for d in Dimension))
    fits = [Profile(f"t{i}", 1, leanings=tuple(Leaning(d, 3) for d in Dimension)) for i in range(4)]
    other = Profile("other", 1, leanings=tuple(Leaning(d, -3) for d in Dimension))
    house = directory(*fits, other)
    found = shortlist(client, house, parts_of(client, house), shown=[9, 9, 9, 9, 0])
    assert 4 not in found.therapists
    assert found.alike == 4


def test_a_short_list_of_one_therapist_is_one_and_of_nobody_is_empty() -> None:
    alone = directory(LAMP)
    assert shortlist(Preferences(), alone, parts_of(Preferences(), alone)).therapists == (0,)
    nobody = directory()
    assert shortlist(Preferences(), nobody, parts_of(Preferences(), nobody)).therapists == ()


@given(st.permutations(range(6)))
def test_the_order_of_profiles_does_not_change_scores(order: list[int]) -> None:
    client = Preferences(leanings=leanings(lead=1, past=2))
    people = [Profile(f"t{row}", 1, leanings=leanings(lead=row - 3, past=row / 2)) for row in range(6)]
    scores = parts_of(client, directory(*people)).score
    moved = parts_of(client, directory(*(people[row] for row in order))).score
    np.testing.assert_allclose(moved, scores[order])


def test_an_hour_is_read_and_written_as_people_do() -> None:
    assert str(WeeklySlot.read("mon 9:05")) == "Mon 09:05"
    for wrong in ("Mon", "Xyz 09:00", "Mon 24:00", "Mon 09:60", "9:00", ""):
        with pytest.raises(BadInput, match=r"expected for instance Mon 09:00"):
            WeeklySlot.read(wrong)


def test_an_hour_in_another_zone_counts_only_if_both_clocks_change_alike() -> None:
    mondays = weeks_from(date(2025, 6, 18))
    nine = WeeklySlot.read("Mon 09:00")
    # Vienna and London change on the same night.
    assert in_zone(nine, "Europe/Vienna", "Europe/London", mondays) == WeeklySlot.read("Mon 08:00")
    # New York changes weeks apart from Vienna, and India never.
    assert in_zone(nine, "Europe/Vienna", "America/New_York", mondays) is None
    assert in_zone(nine, "Europe/Vienna", "Asia/Kolkata", mondays) is None
    summer = weeks_from(date(2025, 6, 18), weeks=8)
    assert in_zone(nine, "Europe/Vienna", "Asia/Kolkata", summer) == WeeklySlot.read("Mon 12:30")
    # Over midnight it is another day.
    late = WeeklySlot.read("Sun 23:30")
    assert in_zone(late, "Asia/Kolkata", "Asia/Tokyo", mondays) == WeeklySlot.read("Mon 03:00")
    # In the night of the change there is no 2:30.
    night = WeeklySlot.read("Sun 02:30")
    assert in_zone(night, "Europe/Vienna", "Europe/London", mondays) is None
    assert in_zone(night, "Europe/Vienna", "Europe/Vienna", mondays) == night


def test_clients_in_another_zone_find_common_hours() -> None:
    vienna = Profile("Vienna", 1, slots=hours("Mon 09:00"), zone="Europe/Vienna")
    needs = Needs(slots=hours("Mon 08:00"), zone="Europe/London")
    assert possible(Preferences(needs), directory(vienna)).all()
    assert not possible(Preferences(replace(needs, zone="Asia/Kolkata")), directory(vienna)).any()
    with pytest.raises(BadInput, match="a time zone is unknown"):
        replace(needs, zone="Mars/Olympus")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Leaning(Dimension.LEAD, 4), "lead is 4; expected -3 to 3"),
        (lambda: Leaning(Dimension.LEAD, float("nan")), "lead is nan"),
        (lambda: Leaning(Dimension.LEAD, 0, importance=4), "lead matters 4; expected 1, 2 or 3"),
        (lambda: Leaning(Dimension.LEAD, 0, spread=0), "expected more than 0"),
        (lambda: Preferences(leanings=leanings(lead=1) * 2), "leanings come twice about lead"),
        (lambda: Preferences(wishes=(WOMAN, MUST)), "wishes come twice about gender"),
        (
            lambda: Wish(WishKind.FAITH, frozenset(), Strength.MUST),
            "the wish about faith names nothing",
        ),
        (lambda: Needs(most_fee=-1), "the highest fee is -1; expected 0 or more"),
        (
            lambda: Needs(places=frozenset({"north"}), formats=frozenset({Format.VIDEO})),
            "a place is needed, but not meeting in a room",
        ),
        (lambda: Profile("x", -1), "a capacity is -1; expected 0 or more"),
        (lambda: Profile("x", 1, fee=float("inf")), "a fee is inf"),
        (lambda: directory(LAMP, LAMP), "a therapist has two profiles"),
        (lambda: shortlist(Preferences(), HOUSE, parts_of(Preferences(), HOUSE), size=2), "3 to 5"),
        (
            lambda: shortlist(Preferences(), HOUSE, parts_of(Preferences(), HOUSE), shown=[1]),
            "for each therapist",
        ),
    ],
)
def test_what_contradicts_itself_is_refused(make: object, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        make()  # type: ignore[operator]


def test_the_day_of_the_year_does_not_move_the_first_week() -> None:
    assert weeks_from(TODAY, weeks=1) == (date(2025, 6, 16),)
