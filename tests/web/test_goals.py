"""Goals, agenda, tasks and decisions of the two."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from openrapport.simulation import PracticeParameters
from openrapport.simulation.names import goal_texts
from openrapport_web import access
from openrapport_web.audit.models import Entry
from openrapport_web.caseload.actions import NotPossible
from openrapport_web.caseload.models import Meeting, MeetingState
from openrapport_web.demo import fill
from openrapport_web.goals import actions, together
from openrapport_web.goals.models import AgendaPoint, By, Decision, Goal, GoalRating, GoalState, Task
from openrapport_web.goals.reading import agenda_of, goals_of
from tests.web.conftest import make_client, signed_in

SLEEP = "Sleep through most nights"


def _goal(practice: SimpleNamespace, text: str = SLEEP, by: str = "teo") -> Goal:
    return actions.write_goal(actor=getattr(practice, by), episode=practice.teos.episode, text=text)


def _page(practice: SimpleNamespace, who: str, page: str = "goals") -> str:
    user = getattr(practice, who)
    key = {"key": practice.teos.client.key}
    url = reverse(f"my_{page}") if who == "teo" else reverse(f"client_{page}", kwargs=key)
    return str(signed_in(user).get(url).content.decode())


def test_a_client_writes_a_goal_and_the_therapist_agrees(practice: SimpleNamespace) -> None:
    url = reverse("goal_new", kwargs={"key": practice.teos.episode.key})
    signed_in(practice.teo).post(url, {"text": SLEEP, "version": 0})
    goal = Goal.objects.get()
    assert (goal.text, goal.proposed_by, goal.therapist_agreed_at) == (SLEEP, By.CLIENT, None)
    assert goal.client_agreed_at is not None
    assert b"Sleep" not in bytes(goal.sealed_text)
    assert "Waits for your yes" in _page(practice, "alba")
    agree = reverse("goal_agree", kwargs={"key": goal.key})
    signed_in(practice.alba).post(agree, {"version": goal.version})
    assert "Agreed by both" in _page(practice, "teo")


def test_other_words_ask_the_other_one_again(practice: SimpleNamespace) -> None:
    goal = _goal(practice)
    goal = actions.agree_to_goal(actor=practice.alba, goal=goal, version=1)
    changed = actions.change_goal(actor=practice.alba, goal=goal, version=2, text="Other words")
    assert changed.client_agreed_at is None
    assert changed.therapist_agreed_at is not None
    same = actions.agree_to_goal(actor=practice.teo, goal=changed, version=3)
    kept = actions.change_goal(actor=practice.alba, goal=same, version=4, text="Other words")
    assert kept.client_agreed_at is not None, "the words did not change, so both still agree"


def test_the_later_of_two_sees_what_the_other_wrote(practice: SimpleNamespace) -> None:
    goal = _goal(practice)
    url = reverse("goal_edit", kwargs={"key": goal.key})
    signed_in(practice.alba).post(url, {"text": "Her words", "version": 1})
    late = signed_in(practice.teo).post(url, {"text": "His words", "version": 1})
    page = late.content.decode()
    assert late.status_code == 422
    assert "Now it says: Her words" in page
    assert "His words" in page
    assert 'name="version" value="2"' in page


def test_agreeing_to_words_that_changed_meanwhile_does_nothing(practice: SimpleNamespace) -> None:
    goal = _goal(practice)
    actions.change_goal(actor=practice.teo, goal=goal, version=1, text="New words")
    url = reverse("goal_agree", kwargs={"key": goal.key})
    page = signed_in(practice.alba).post(url, {"version": 1}, follow=True).content.decode()
    assert "Nothing was done" in page
    assert Goal.objects.get().therapist_agreed_at is None


def test_there_are_at_most_five_open_goals(practice: SimpleNamespace) -> None:
    goals = [_goal(practice, f"goal {n}") for n in range(5)]
    with pytest.raises(NotPossible, match="five open goals"):
        _goal(practice, "a sixth")
    actions.say_goal_state(actor=practice.teo, goal=goals[0], version=1, state=GoalState.REACHED)
    _goal(practice, "a sixth")
    with pytest.raises(NotPossible, match="five open goals"):
        actions.say_goal_state(actor=practice.teo, goal=goals[0], version=2, state=GoalState.OPEN)


def test_goals_change_places_with_their_neighbours(practice: SimpleNamespace) -> None:
    goals = [_goal(practice, f"goal {n}") for n in range(3)]
    actions.move_goal(actor=practice.alba, goal=goals[2], up=True)
    actions.move_goal(actor=practice.alba, goal=goals[0], up=True)  # is the first already
    assert [row.goal.text for row in goals_of(practice.teos.episode)] == ["goal 0", "goal 2", "goal 1"]


def test_each_rates_for_their_own_side_and_what_is_left_out_stays_out(
    practice: SimpleNamespace,
) -> None:
    one, other = _goal(practice), _goal(practice, "Walk more")
    url = reverse("goals_rate", kwargs={"key": practice.teos.episode.key})
    signed_in(practice.teo).post(url, {f"goal_{one.pk.hex}": "0"})
    signed_in(practice.alba).post(url, {f"goal_{one.pk.hex}": "7", f"goal_{other.pk.hex}": "5"})
    first, second = goals_of(practice.teos.episode)
    assert first.last is not None
    assert first.therapist is not None
    assert (first.last.value, first.therapist.value) == (0, 7)
    assert second.last is None
    assert all(b"7" != bytes(r.sealed_value) for r in GoalRating.objects.all())


def test_a_client_sees_the_other_view_after_giving_their_own(practice: SimpleNamespace) -> None:
    goal, episode = _goal(practice), practice.teos.episode
    actions.rate_goals(actor=practice.alba, episode=episode, values={goal.pk: 7})
    assert "Alba sees it at 7" not in _page(practice, "teo")
    assert "you see it once you have given yours" in _page(practice, "teo")
    actions.rate_goals(actor=practice.teo, episode=episode, values={goal.pk: 4})
    assert "Alba sees it at 7" in _page(practice, "teo")
    actions.rate_goals(actor=practice.alba, episode=episode, values={goal.pk: 9})
    page = _page(practice, "teo")
    assert "sees it at" not in page
    assert "once you say again" in page


@pytest.mark.parametrize("value", ["11", "-1", "x", "1.5"])
def test_a_rating_outside_the_scale_is_refused(practice: SimpleNamespace, value: str) -> None:
    goal = _goal(practice)
    url = reverse("goals_rate", kwargs={"key": practice.teos.episode.key})
    assert signed_in(practice.teo).post(url, {f"goal_{goal.pk.hex}": value}).status_code == 422
    assert not GoalRating.objects.exists()


def test_an_empty_rating_says_so(practice: SimpleNamespace) -> None:
    _goal(practice)
    url = reverse("goals_rate", kwargs={"key": practice.teos.episode.key})
    response = signed_in(practice.teo).post(url, {})
    assert response.status_code == 422
    assert "One goal is enough" in response.content.decode()


def test_a_goal_put_to_rest_meanwhile_is_not_rated(practice: SimpleNamespace) -> None:
    goal = _goal(practice)
    actions.say_goal_state(actor=practice.teo, goal=goal, version=1, state=GoalState.LET_GO)
    with pytest.raises(NotPossible, match="meanwhile"):
        actions.rate_goals(actor=practice.teo, episode=practice.teos.episode, values={goal.pk: 3})


def test_only_for_a_client_without_an_account_a_therapist_notes_what_they_say(
    practice: SimpleNamespace,
) -> None:
    goal, episode = _goal(practice, by="alba"), practice.teos.episode
    with pytest.raises(NotPossible, match="has an account"):
        actions.rate_goals(actor=practice.alba, episode=episode, values={goal.pk: 3}, for_client=True)
    with pytest.raises(NotPossible, match="has an account"):
        actions.agree_to_goal(actor=practice.alba, goal=goal, version=1, by_word=True)
    practice.teos.client.user = None
    practice.teos.client.save()
    episode.refresh_from_db()
    goal = Goal.objects.select_related("episode__client").get()
    actions.agree_to_goal(actor=practice.alba, goal=goal, version=1, by_word=True)
    actions.rate_goals(actor=practice.alba, episode=goal.episode, values={goal.pk: 3}, for_client=True)
    page = _page(practice, "alba")
    assert "Agreed in a meeting" in page
    assert "said in a meeting" in page
    assert GoalRating.objects.get().entered_by == practice.alba


def test_nobody_else_can_act_for_the_two(practice: SimpleNamespace) -> None:
    goal, episode = _goal(practice), practice.teos.episode
    for stranger in (practice.nell, practice.mara, practice.cleo, practice.sami):
        for act in (
            lambda by: actions.write_goal(actor=by, episode=episode, text="x"),
            lambda by: actions.agree_to_goal(actor=by, goal=goal, version=1),
            lambda by: actions.rate_goals(actor=by, episode=episode, values={goal.pk: 1}),
            lambda by: together.add_point(actor=by, episode=episode, text="x"),
            lambda by: together.give_task(actor=by, episode=episode, text="x", until=None),
            lambda by: together.write_decision(actor=by, episode=episode, text="x"),
        ):
            with pytest.raises(PermissionDenied):
                act(stranger)
        assert not access.goals(stranger).exists()


def test_what_ended_is_read_and_no_longer_added_to(practice: SimpleNamespace) -> None:
    _goal(practice)
    episode = practice.teos.episode
    episode.ends_on, episode.ending = timezone.localdate(), "planned"
    episode.save()
    with pytest.raises(NotPossible, match="has ended"):
        _goal(practice, "late")
    page = _page(practice, "teo")
    assert SLEEP in page
    assert "Add a goal" not in page


def test_a_client_who_has_not_begun_is_told_so(practice: SimpleNamespace) -> None:
    practice.teos.client.user = None
    practice.teos.client.save()
    make_client("Teo", practice.teo)
    for page in ("my_goals", "my_agenda"):
        response = signed_in(practice.teo).get(reverse(page))
        assert "first course of meetings" in response.content.decode()


def test_a_point_that_a_meeting_passed_by_is_carried_over(practice: SimpleNamespace) -> None:
    episode = practice.teos.episode
    together.add_point(actor=practice.teo, episode=episode, text="old")
    now = timezone.now()
    AgendaPoint.objects.update(made_at=now - timedelta(days=3))
    Meeting.objects.create(
        episode=episode,
        client=episode.client,
        therapist=practice.alba,
        starts_at=now - timedelta(days=1),
        state=MeetingState.HELD,
    )
    together.add_point(actor=practice.alba, episode=episode, text="new")
    assert [(row.point.text, row.carried) for row in agenda_of([episode])[episode.pk]] == [
        ("old", True),
        ("new", False),
    ]


def test_a_point_is_talked_about_and_can_come_back(practice: SimpleNamespace) -> None:
    point = together.add_point(actor=practice.teo, episode=practice.teos.episode, text="the summer")
    url = reverse("point_state", kwargs={"key": point.key})
    signed_in(practice.alba).post(url, {"version": 1, "state": "talked"})
    point.refresh_from_db()
    assert point.talked_at is not None
    signed_in(practice.teo).post(url, {"version": 2, "state": "open"})
    point.refresh_from_db()
    assert (point.talked_at, point.dropped_at) == (None, None)
    signed_in(practice.teo).post(url, {"version": 3, "state": "burnt"})
    point.refresh_from_db()
    assert point.version == 3


def test_nobody_rewrites_the_other_ones_point(practice: SimpleNamespace) -> None:
    point = together.add_point(actor=practice.teo, episode=practice.teos.episode, text="mine")
    with pytest.raises(PermissionDenied):
        together.change_point(actor=practice.alba, point=point, version=1, text="hers")


def test_an_empty_point_comes_back_with_the_page(practice: SimpleNamespace) -> None:
    url = reverse("point_new", kwargs={"key": practice.teos.episode.key})
    response = signed_in(practice.teo).post(url, {"text": " ", "version": 0})
    assert response.status_code == 422
    assert "For the next meeting" in response.content.decode()


def test_a_task_is_told_in_the_clients_words(practice: SimpleNamespace) -> None:
    task = together.give_task(
        actor=practice.alba, episode=practice.teos.episode, text="a walk", until=None
    )
    url = reverse("task_state", kwargs={"key": task.key})
    signed_in(practice.teo).post(url, {"version": 1, "state": "tried", "how": "it rained"})
    task.refresh_from_db()
    assert (task.state, task.how) == ("tried", "it rained")
    assert b"rained" not in bytes(task.sealed_how)
    signed_in(practice.alba).post(url, {"version": 2, "state": "done", "how": "it was lovely"})
    task.refresh_from_db()
    assert (task.state, task.how) == ("done", "it rained")
    with pytest.raises(PermissionDenied):
        together.say_task_state(
            actor=practice.alba,
            task=Task.objects.select_related("episode__client").get(),
            version=3,
            state="done",
            how="lovely",
        )


@pytest.mark.parametrize("wrong", [{"text": ""}, {"until": "1026-01-01"}, {"text": "x" * 1_001}])
def test_a_wrong_task_comes_back(practice: SimpleNamespace, wrong: dict[str, str]) -> None:
    url = reverse("task_new", kwargs={"key": practice.teos.episode.key})
    sent = {"text": "a walk", "version": 0, **wrong}
    assert signed_in(practice.teo).post(url, sent).status_code == 422
    assert not Task.objects.exists()


def test_a_decision_is_agreed_by_each_and_taken_back_only_before(practice: SimpleNamespace) -> None:
    episode = practice.teos.episode
    first = together.write_decision(actor=practice.alba, episode=episode, text="every two weeks")
    together.take_decision_back(actor=practice.alba, decision=first)
    assert not Decision.objects.exists()
    second = together.write_decision(actor=practice.alba, episode=episode, text="every week")
    with pytest.raises(PermissionDenied):
        together.take_decision_back(actor=practice.teo, decision=second)
    together.agree_to_decision(actor=practice.teo, decision=second)
    with pytest.raises(NotPossible, match="both agreed"):
        together.take_decision_back(actor=practice.alba, decision=second)


def test_a_look_by_the_therapist_is_recorded(practice: SimpleNamespace) -> None:
    _page(practice, "alba", "goals")
    _page(practice, "alba", "agenda")
    seen = Entry.objects.filter(client=practice.teos.client.key, actor=practice.alba.key)
    assert {"goals.read", "agenda.read"} <= set(seen.values_list("action", flat=True))


@pytest.mark.parametrize("who", ["teo", "alba"])
def test_the_pages_do_not_grow_in_questions(
    practice: SimpleNamespace, who: str, django_assert_max_num_queries: Any
) -> None:
    episode = practice.teos.episode
    for n in range(5):
        goal = _goal(practice, f"goal {n}")
        for _ in range(4):
            actions.rate_goals(actor=practice.teo, episode=episode, values={goal.pk: n})
    for n in range(20):
        together.add_point(actor=practice.teo, episode=episode, text=f"point {n}")
        together.give_task(actor=practice.alba, episode=episode, text=f"task {n}", until=None)
        together.write_decision(actor=practice.alba, episode=episode, text=f"decision {n}")
    browser = signed_in(getattr(practice, who))
    for page in ("goals", "agenda"):
        key = {"key": practice.teos.client.key}
        url = reverse(f"my_{page}") if who == "teo" else reverse(f"client_{page}", kwargs=key)
        with django_assert_max_num_queries(20):
            browser.get(url)


def test_a_client_takes_all_of_it_along(practice: SimpleNamespace) -> None:
    episode, goal = practice.teos.episode, _goal(practice)
    actions.rate_goals(actor=practice.teo, episode=episode, values={goal.pk: 4})
    actions.rate_goals(actor=practice.alba, episode=episode, values={goal.pk: 9})
    together.add_point(actor=practice.alba, episode=episode, text="the summer")
    task = together.give_task(actor=practice.alba, episode=episode, text="a walk", until=None)
    together.say_task_state(actor=practice.teo, task=task, version=1, state="tried", how="rain")
    together.write_decision(actor=practice.alba, episode=episode, text="every two weeks")
    actions.write_goal(actor=practice.cleo, episode=practice.cleos.episode, text="somebody else's")
    response = signed_in(practice.teo).post(reverse("my_data"))
    data = json.loads(zipfile.ZipFile(io.BytesIO(response.content)).read("data.json"))
    assert [row["goal"] for row in data["goals"]] == [SLEEP]
    assert [row["how far along, 0 to 10"] for row in data["goal-ratings"]] == [4]
    assert data["goals"][0]["therapist's view"] == "", "it came after their own, which is older"
    assert data["agenda"][0]["point"] == "the summer"
    assert (data["tasks"][0]["how it went"], data["tasks"][0]["what became of it"]) == ("rain", "Tried")
    assert data["decisions"][0]["you agreed at"] == ""


@pytest.mark.django_db
def test_a_fictional_practice_has_goals_with_a_course() -> None:
    fill(PracticeParameters(therapists=2, clients=12, months=8), seed=3, today=date(2026, 6, 1))
    goals = list(Goal.objects.select_related("episode"))
    assert len(goals) > 5
    assert {goal.text for goal in goals} <= set(goal_texts())
    assert all(goal.client_id == goal.episode.client_id for goal in goals)
    assert all(0 <= int(rating.value) <= 10 for rating in GoalRating.objects.all())
    assert all(r.given_at.date() <= date(2026, 6, 1) for r in GoalRating.objects.all())
    assert AgendaPoint.objects.exists()
    assert not AgendaPoint.objects.exclude(episode__ends_on=None).exists()
