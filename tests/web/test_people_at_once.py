"""Several people at once: one is first, and the others hear so."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from types import SimpleNamespace
from typing import Any

from django.db import connection

from openrapport_web.audit.chain import verify
from openrapport_web.audit.models import Entry
from openrapport_web.people import actions, setup_code
from openrapport_web.people.models import Practice, Role, User
from tests.web.conftest import PASSWORD

N = 4


def _at_once(act: Callable[[int], Any]) -> list[Any]:
    """What each of several threads, that begin together, got: a value or an error."""
    together = Barrier(N)

    def one(number: int) -> Any:
        try:
            together.wait(timeout=20)
            return act(number)
        except Exception as error:  # the test looks at which
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(N) as pool:
        return list(pool.map(one, range(N)))


def test_one_of_several_first_visits_makes_the_practice(transactional_db: None) -> None:
    def visit(number: int) -> User:
        return actions.open_practice(
            practice=Practice(name=f"Practice {number}"),
            name="Mona",
            email=f"m{number}@example.org",
            password=PASSWORD,
        )

    got = _at_once(visit)
    assert sorted(type(each).__name__ for each in got) == ["NotPossible"] * (N - 1) + ["User"]
    assert User.objects.count() == Practice.objects.count() == 1
    assert list(verify()) == []


def test_one_of_several_who_hold_a_link_gets_the_account(
    transactional_db: None, practice: SimpleNamespace
) -> None:
    invitation, _ = actions.invite(
        actor=practice.mara, email="n@example.org", name="N", roles=[Role.THERAPIST]
    )
    got = _at_once(
        lambda number: actions.accept(
            invitation=invitation, name=f"N{number}", password=PASSWORD, language="en"
        )
    )
    assert sorted(type(each).__name__ for each in got) == ["NotPossible"] * (N - 1) + ["User"]
    assert User.objects.filter(email="n@example.org").count() == 1
    assert Entry.objects.filter(action="invitation.accepted").count() == 1


def test_two_managers_cannot_both_leave(transactional_db: None, practice: SimpleNamespace) -> None:
    managers = [practice.mara]
    managers += [
        User.objects.create_user(f"m{i}@example.org", "M", {Role.MANAGER}, PASSWORD)
        for i in range(N - 1)
    ]
    got = _at_once(lambda i: actions.leave(actor=managers[i], person=managers[i]))
    assert sum(each is None for each in got) == N - 1
    assert [type(each) for each in got if each is not None] == [actions.LastManager]
    assert User.objects.here(Role.MANAGER).count() == 1


def test_several_processes_agree_on_the_set_up_code(
    transactional_db: None, settings: Any, tmp_path: Path
) -> None:
    settings.HOME = tmp_path
    codes = _at_once(lambda _: setup_code.ensure().read_text())
    assert len(set(codes)) == 1
    assert [path.name for path in tmp_path.glob("setup*")] == ["setup.code"]
