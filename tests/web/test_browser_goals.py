"""Goals and agenda in a real browser: two people, a phone and a desk."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from openrapport_web.goals import actions, together
from openrapport_web.goals.models import GoalRating
from tests.web.pages import check_page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("browser"),
    pytest.mark.usefixtures("live_server"),
]

Browse = Callable[..., Page]
SLEEP = "Sleep through most nights"


@pytest.fixture
def shared(practice: SimpleNamespace) -> SimpleNamespace:
    """Something of everything between Teo and Alba."""
    episode = practice.teos.episode
    one = actions.write_goal(actor=practice.teo, episode=episode, text=SLEEP)
    two = actions.write_goal(actor=practice.alba, episode=episode, text="Say no once a week")
    rested = actions.write_goal(actor=practice.teo, episode=episode, text="Call my brother")
    actions.say_goal_state(actor=practice.teo, goal=rested, version=1, state="reached")
    for value in (2, 6):
        actions.rate_goals(actor=practice.teo, episode=episode, values={one.pk: value})
    actions.rate_goals(actor=practice.alba, episode=episode, values={one.pk: 4, two.pk: 3})
    together.add_point(actor=practice.teo, episode=episode, text="What to do about the summer")
    talked = together.add_point(actor=practice.alba, episode=episode, text="The letter")
    together.say_point_state(actor=practice.teo, point=talked, version=1, state="talked")
    task = together.give_task(actor=practice.alba, episode=episode, text="A walk", until=None)
    done = together.give_task(actor=practice.teo, episode=episode, text="Write it down", until=None)
    together.say_task_state(actor=practice.teo, task=done, version=1, state="tried", how="it rained")
    decision = together.write_decision(actor=practice.alba, episode=episode, text="Every two weeks")
    practice.keys = {
        "client": practice.teos.client.key,
        "episode": episode.key,
        "goal": one.key,
        "task": task.key,
        "decision": decision.key,
    }
    return practice


@pytest.mark.parametrize(
    ("who", "name", "about"),
    [
        ("teo", "my_goals", None),
        ("teo", "my_agenda", None),
        ("alba", "client_goals", "client"),
        ("alba", "client_agenda", "client"),
        ("teo", "goal_new", "episode"),
        ("alba", "goal_new", "episode"),
        ("teo", "goal_edit", "goal"),
        ("teo", "goals_rate", "episode"),
        ("alba", "goals_rate", "episode"),
        ("alba", "task_new", "episode"),
        ("teo", "task_state", "task"),
        ("alba", "decision_new", "episode"),
    ],
)
def test_a_page_can_be_used_by_everyone(
    shared: SimpleNamespace, browse: Browse, who: str, name: str, about: str | None
) -> None:
    kwargs = {"key": shared.keys[about]} if about else {}
    check_page(browse(getattr(shared, who)), reverse(name, kwargs=kwargs))


def test_a_client_says_how_far_along_with_a_thumb_or_with_keys(
    shared: SimpleNamespace, browse: Browse
) -> None:
    page = browse(shared.teo, viewport={"width": 390, "height": 800}, has_touch=True)
    page.goto(reverse("my_goals"))
    page.get_by_role("link", name="How far along?").tap()
    group = page.get_by_role("group", name=SLEEP)
    target = group.locator("label").nth(8).bounding_box()
    assert target is not None
    assert min(target["width"], target["height"]) >= 44
    group.get_by_role("radio", name="8").tap()
    expect(group.get_by_role("radio", name="8")).to_be_checked()
    page.keyboard.press("ArrowRight")
    expect(group.get_by_role("radio", name="9")).to_be_checked()
    page.get_by_role("button", name="Keep this").tap()
    expect(page.get_by_text("You: 9 of 10")).to_be_visible()
    assert GoalRating.objects.count() == 5


def test_a_wrong_press_leads_back_to_the_goals(shared: SimpleNamespace, browse: Browse) -> None:
    page = browse(shared.teo)
    page.goto(reverse("goals_rate", kwargs={"key": shared.keys["episode"]}))
    page.get_by_role("button", name="Keep this").click()
    expect(page.get_by_role("alert")).to_contain_text("One goal is enough")


def test_both_build_one_agenda(shared: SimpleNamespace, browse: Browse) -> None:
    teo, alba = browse(shared.teo), browse(shared.alba)
    teo.goto(reverse("my_agenda"))
    teo.get_by_label("Something to talk about").fill("My mother's visit")
    teo.get_by_role("button", name="Put it on the agenda").click()
    alba.goto(reverse("client_agenda", kwargs={"key": shared.keys["client"]}))
    row = alba.get_by_role("listitem").filter(has_text="My mother's visit")
    expect(row.get_by_text("from Teo")).to_be_visible()
    row.get_by_role("button", name="Talked about").click()
    alba.get_by_text("Talked about before").click()
    row = alba.get_by_role("listitem").filter(has_text="My mother's visit")
    expect(row.get_by_role("button", name="Put it back")).to_be_visible()
    teo.reload()
    teo.get_by_role("button", name="I agree to this").click()
    expect(teo.get_by_text("Agreed by both")).to_be_visible()
