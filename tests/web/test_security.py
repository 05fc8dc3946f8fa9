"""What holds for the whole application: headers, cookies, redirects, logs, files, settings, licences."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import sqlite3
import ssl
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from click.testing import CliRunner
from django.conf import settings as django_settings
from django.core import mail
from django.db import connection
from django.db.utils import DatabaseError
from django.http import HttpResponse
from django.test import Client as Browser
from django.urls import URLResolver, get_resolver, reverse
from django_tasks_db.models import DBTaskResult

from openrapport_web import backups, crypto, erasure, streams, verbs, views, work
from openrapport_web.audit.chain import keep_end, record, verify
from openrapport_web.crypto import BadKeys, Keyring, MasterKeys
from openrapport_web.logs import Line, NoContent
from openrapport_web.people import letters
from openrapport_web.people.models import Practice, User
from openrapport_web.recordings import tasks, uploads
from tests.web.codes import code_of
from tests.web.conftest import PASSWORD, make_client, signed_in
from tests.web.loops import finished

SECRET = "what she told nobody else"  # noqa: S105 - a client's words, for looking where they turn up
HOME = reverse("home")


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the server writes to its log."""
    (handler,) = (
        h for h in logging.getLogger().handlers if any(isinstance(f, NoContent) for f in h.filters)
    )
    assert isinstance(handler, logging.StreamHandler)
    lines = io.StringIO()
    before = handler.setStream(lines)
    yield lines
    handler.setStream(before)


# -- headers ---------------------------------------------------------------------------------------

ANSWERS = {
    "a page": ("get", "/account/login/", 200),
    "no page": ("get", "/nothing/here", 404),
    "a redirect": ("get", "/", 302),
    "plain text": ("get", "/health", 200),
    "a wrong method": ("get", "/people/invitations/01999999-0000-7000-8000-000000000000/withdraw", 302),
    "an upload": ("get", "/uploads/", 405),
    "a style sheet": ("get", "/static/openrapport/style.css", 200),
    "a picture": ("get", "/static/openrapport/favicon.svg", 200),
    "no style sheet": ("get", "/static/openrapport/none.css", 404),
}


def _check_headers(response: HttpResponse) -> None:
    policy = response.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    for part in (
        "default-src 'none'",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ):
        assert part in policy
    expected = {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Frame-Options": "DENY",
    }
    assert {name: response.headers.get(name) for name in expected} == expected
    assert "camera=()" in response.headers["Permissions-Policy"]
    assert "Access-Control-Allow-Origin" not in response.headers


@pytest.mark.django_db
@pytest.mark.parametrize(("method", "path", "status"), ANSWERS.values(), ids=ANSWERS)
def test_every_answer_tells_the_browser_what_it_may_do(
    practice: SimpleNamespace, method: str, path: str, status: int
) -> None:
    response = getattr(Browser(), method)(path)
    assert response.status_code == status
    _check_headers(response)
    response.close()


def test_answers_to_what_is_wrong_have_the_headers_too(
    practice: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = Browser(enforce_csrf_checks=True).post("/account/login/", {"login": "x"})
    strange = Browser().get("/", headers={"host": "evil.example"})
    forbidden = signed_in(practice.teo).get(reverse("people_list"))
    monkeypatch.setattr(views, "is_first_visit", lambda: 1 / 0)
    fault = Browser(raise_request_exception=False).get(HOME)
    for response, status in ((refused, 403), (strange, 400), (forbidden, 403), (fault, 500)):
        assert response.status_code == status
        assert "evil.example" not in response.content.decode()
        _check_headers(response)


@pytest.mark.django_db
def test_no_page_is_kept_by_a_cache(practice: SimpleNamespace) -> None:
    browser = signed_in(practice.teo)
    for path in (HOME, reverse("my_place"), reverse("my_log"), "/nothing/here", "/static/none.css"):
        assert "no-store" in browser.get(path).headers["Cache-Control"]


def test_going_back_after_signing_out_shows_nothing(practice: SimpleNamespace) -> None:
    browser = signed_in(practice.teo)
    assert "Clear-Site-Data" not in browser.get(HOME).headers
    assert browser.post(reverse("account_logout")).headers["Clear-Site-Data"] == '"cache"'


def test_a_body_that_is_refused_unread_is_answered_with_the_headers_too() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    too_long = [(b"content-length", str(streams.MAX_BODY_BYTES + 1).encode())]
    scope = {"type": "http", "method": "POST", "path": "/clients/new", "headers": too_long}
    finished(streams.bounded_bodies(None)(scope, None, send))  # type: ignore[arg-type]
    assert sent[0]["status"] == 413
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    for name, value in django_settings.ANSWER_HEADERS.items():
        assert headers[name.lower()] == value
    assert "default-src 'none'" in headers["content-security-policy"]


def test_no_body_is_large_enough_for_a_temporary_file() -> None:
    """Django puts a larger one on the disk, open."""
    assert streams.MAX_BODY_BYTES < django_settings.FILE_UPLOAD_MAX_MEMORY_SIZE
    assert streams._PIECE_BYTES < django_settings.FILE_UPLOAD_MAX_MEMORY_SIZE
    assert "Temporary" not in "".join(django_settings.FILE_UPLOAD_HANDLERS)


# -- requests from elsewhere -------------------------------------------------------------------------


_OF_CONVERTER = {
    "UUIDConverter": "01999999-0000-7000-8000-000000000000",
    "IntConverter": 1,
    "SlugConverter": "record",
    "StringConverter": "text",
}


def _addresses(resolver: URLResolver, **before: Any) -> Iterator[tuple[str, str]]:
    for pattern in resolver.url_patterns:
        if getattr(pattern, "namespace", None) == "api":
            continue  # it takes a token and no cookie; its tests say so
        kinds = {name: type(c).__name__ for name, c in pattern.pattern.converters.items()}
        wanted = dict.fromkeys(pattern.pattern.regex.groupindex, "text")
        values = {**before, **wanted, **{name: _OF_CONVERTER[kind] for name, kind in kinds.items()}}
        if isinstance(pattern, URLResolver):
            yield from _addresses(pattern, **values)
        else:
            yield str(pattern.name), reverse(str(pattern.name), kwargs=values)


def test_nothing_is_changed_without_the_token_of_a_page(practice: SimpleNamespace) -> None:
    browser = Browser(enforce_csrf_checks=True)
    browser.cookies = signed_in(practice.mara).cookies
    answers = {
        (name, method): getattr(browser, method)(address).status_code
        for name, address in _addresses(get_resolver())
        for method in ("post", "put", "patch", "delete")
    }
    assert len(answers) > 200
    refused = {which: status for which, status in answers.items() if status != 403}
    # Two doors for somebody without a sign-in: what is sent has to hold a secret of its own.
    assert {name for name, _ in refused} == {"answer_send", "letters_stop"}
    assert set(refused.values()) == {404, 405}


@pytest.mark.parametrize(
    "where",
    ["https://evil.example/", "//evil.example", "///evil.example", "/\\evil.example", "javascript:alert(1)",
     "http:evil.example", "\thttps://evil.example", "https://testserver@evil.example/", "https:///evil.example"],
)  # fmt: skip
def test_signing_in_leads_to_no_other_place(practice: SimpleNamespace, where: str) -> None:
    browser = Browser()
    said = {"login": practice.teo.email, "password": PASSWORD, "next": where}
    response = browser.post(f"{reverse('account_login')}?next={where}", said)
    assert (response.status_code, response.headers["Location"]) == (302, HOME)
    assert browser.post(reverse("account_logout"), {"next": where}).headers["Location"] == "/"


def test_hostile_names_and_notes_are_shown_and_not_run(practice: SimpleNamespace) -> None:
    hostile = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    browser = signed_in(practice.alba)
    practice.teos.client.name = hostile
    practice.teos.client.save()
    note = practice.teos.note.versions.get()
    note.text = hostile
    note.save()
    for path in (
        reverse("client_list"),
        reverse("client_page", args=[practice.teos.client.key]),
        reverse("client_edit", args=[practice.teos.client.key]),
        reverse("note_page", args=[practice.teos.note.key]),
        reverse("session_open", args=[practice.teos.meeting.key]),
    ):
        page = browser.get(path).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page
    assert "&lt;script&gt;alert" in page


# -- cookies and sessions --------------------------------------------------------------------------------


def test_words_that_greet_somebody_lie_in_no_cookie(practice: SimpleNamespace) -> None:
    browser = signed_in(practice.mara)
    browser.post(reverse("person_leave", args=[practice.nell.key]))
    assert set(browser.cookies) <= {"session", "csrf"}
    assert "Nell has left" in browser.get(reverse("people_list")).content.decode()


def test_whoever_says_anew_who_they_are_goes_on_in_a_new_session(practice: SimpleNamespace) -> None:
    browser = Browser()
    browser.post(reverse("account_login"), {"login": practice.teo.email, "password": PASSWORD})
    before = browser.cookies["session"].value
    browser.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    after = browser.cookies["session"].value
    assert before != after
    assert browser.get(HOME).status_code == 200
    assert [s.session_key for s in UserSession.objects.filter(user=practice.teo)] == [after]
    stolen = Browser()
    stolen.cookies["session"] = before
    assert stolen.get(HOME).status_code == 302


def test_a_session_that_began_without_the_second_factor_ends_when_there_is_one(
    practice: SimpleNamespace,
) -> None:
    """Whoever knows the password and came in before must not be taken along."""
    own, strange = Browser(), Browser()
    for browser in (strange, own):
        browser.post(reverse("account_login"), {"login": practice.alba.email, "password": PASSWORD})
    assert strange.get(reverse("people_safely")).status_code == 200
    own.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    secret = own.get(reverse("mfa_activate_totp")).context["form"].secret
    own.post(reverse("mfa_activate_totp"), {"code": code_of(secret)})
    assert own.get(reverse("client_list")).status_code == 200
    assert strange.get(reverse("client_list")).headers["Location"].startswith("/account/login")


@pytest.mark.parametrize(
    ("password", "is_refused"),
    [
        ("OpenRapport-2026!", True),
        ("therapist-Tests-2026", True),  # of "A practice of tests"
        ("password password password", True),
        ("willkommen client 1234", True),
        ("7391-8842-0173-5561", False),
        ("\u4fe1\u4efb\u306f\u6642\u9593\u3092\u304b\u3051\u3066\u80b2\u3064\u3082\u306e", False),
        ("x" * 64, False),
        ("our therapist keeps bees", False),
        ("a long enough sentence", False),
    ],
)
def test_words_of_this_place_make_no_password(
    practice: SimpleNamespace, password: str, is_refused: bool
) -> None:
    browser = Browser()
    browser.post(reverse("account_login"), {"login": practice.teo.email, "password": PASSWORD})
    said = {"oldpassword": PASSWORD, "password1": password, "password2": password}
    response = browser.post(reverse("account_change_password"), said)
    assert (response.status_code == 200) == is_refused
    practice.teo.refresh_from_db()
    assert practice.teo.check_password(password) == (not is_refused or password == PASSWORD)


def test_a_letter_that_cannot_be_sent_tells_nobody_who_has_an_account(
    practice: SimpleNamespace, settings: Any, log: io.StringIO
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1  # nobody listens there
    answers = [
        Browser().post(reverse("account_reset_password"), {"email": email})
        for email in (practice.teo.email, "nobody@example.org")
    ]
    assert {(a.status_code, a.headers["Location"]) for a in answers} == {
        (302, "/account/password/reset/done/")
    }
    assert "could not be sent" in log.getvalue()
    assert practice.teo.email not in log.getvalue()


def test_nobody_waits_for_a_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    go_on, sent = threading.Event(), threading.Event()

    class Slow(mail.EmailMessage):
        def send(self, fail_silently: bool = False) -> int:  # noqa: ARG002
            go_on.wait(10)
            sent.set()
            return 1

    monkeypatch.undo()  # letters are sent as in a practice
    letters.post(Slow("subject", "body", None, ["somebody@example.org"]), "a test")
    assert not sent.is_set()
    go_on.set()
    assert sent.wait(10)


# -- logs ------------------------------------------------------------------------------------------------


def test_what_somebody_said_stands_in_no_log_and_on_no_page(
    practice: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, log: io.StringIO
) -> None:
    def break_down() -> bool:
        raise ValueError(SECRET) from KeyError(SECRET)

    monkeypatch.setattr(views, "is_first_visit", break_down)
    response = Browser(raise_request_exception=False).get("/?q=" + SECRET.replace(" ", "+"))
    assert response.status_code == 500
    assert SECRET not in response.content.decode()
    line = log.getvalue()
    assert "ValueError at test_security.py" in line
    assert "told" not in line
    assert line.count("\n") == 1


def test_a_log_line_is_one_line_that_no_screen_obeys(log: io.StringIO) -> None:
    logging.getLogger("test").warning(
        "one\r\n2026-01-01 ERROR two\x1b[2J\x00\u202ethree /x?q=%s", SECRET.replace(" ", "+")
    )
    (line,) = log.getvalue().splitlines()
    assert line.isprintable()
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z WARNING test one 2026", line)
    assert "told" not in line


@pytest.mark.parametrize("path", ["/calendar/abc123.ics", "/account/password/reset/key/1-abc123/"])
def test_an_address_that_is_a_secret_stands_in_no_log(path: str, log: io.StringIO) -> None:
    logging.getLogger("django.request").warning("Not Found: %s", path)
    assert "abc123" not in log.getvalue()
    assert "Not Found" in log.getvalue()


def test_a_line_that_cannot_be_written_is_not_printed_elsewhere(
    capsys: pytest.CaptureFixture[str],
) -> None:
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(Line())
    handler.handle(logging.LogRecord("test", logging.INFO, "", 1, "%d", (SECRET,), None))
    assert capsys.readouterr().err == ""


def test_who_was_refused_what_stands_in_the_log(practice: SimpleNamespace, log: io.StringIO) -> None:
    key = practice.cleos.client.key
    signed_in(practice.alba).get(reverse("client_page", args=[key]))
    signed_in(practice.teo).get(reverse("people_list"))
    said = log.getvalue()
    assert f"refused with 404: client_page of {key}, asked by {practice.alba.key}" in said
    assert f"refused with 403: people_list of nothing, asked by {practice.teo.key}" in said
    assert "Cleo" not in said


@pytest.mark.django_db
def test_the_queue_keeps_no_words_of_an_exception(
    monkeypatch: pytest.MonkeyPatch, log: io.StringIO
) -> None:
    def break_down(_key: Any) -> None:
        raise ValueError(SECRET) from KeyError(SECRET)

    monkeypatch.setattr(uploads, "finish", break_down)
    task = tasks.finish_upload.enqueue("01999999-0000-7000-8000-000000000000")
    result = DBTaskResult.objects.get(pk=task.id)
    with pytest.raises(tasks.Fault) as caught:
        result.task.call(*result.args_kwargs["args"])
    result.set_failed(caught.value)
    result.refresh_from_db()
    assert "Fault: ValueError" in result.traceback
    assert SECRET not in result.traceback + log.getvalue()
    assert "break_down" in log.getvalue()


def test_the_worker_goes_on_after_a_fault(log: io.StringIO) -> None:
    def break_down() -> None:
        raise ValueError(SECRET)

    work._try(break_down)
    assert "break_down failed" in log.getvalue()
    assert SECRET not in log.getvalue()


# -- files, keys, backups --------------------------------------------------------------------------------


@pytest.mark.django_db
def test_replacing_an_entry_of_the_log_is_refused_like_altering_it(practice: SimpleNamespace) -> None:
    entry = record(practice.alba, "client.read")
    with pytest.raises(DatabaseError, match="append-only"), connection.cursor() as cursor:
        cursor.execute(
            "REPLACE INTO audit_entry SELECT number, at, actor, 'nothing.done', kind, subject, client, "
            "details, previous, hash FROM audit_entry WHERE number = %s",
            [entry.number],
        )


@pytest.mark.django_db
def test_an_end_of_the_log_that_was_cut_off_is_missed(practice: SimpleNamespace) -> None:
    """The chain alone cannot tell: what is left of it holds."""
    for _ in range(3):
        record(practice.alba, "client.read")
    tasks.sweep()
    last = record(practice.alba, "client.read").number
    assert list(verify()) == []
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER audit_entry_no_delete")
        cursor.execute("DELETE FROM audit_entry WHERE number >= %s", [last - 1])
    keep_end()  # a worker that goes on must not hide it
    assert [(b.number, b.why) for b in verify()] == [
        (last - 1, f"entries {last - 1} to {last - 1} are missing at the end")
    ]
    record(practice.alba, "client.read")
    assert [b.number for b in verify()] == [last - 1]  # and filling it up does not mend it
    keep_end(anew=True)
    assert list(verify()) == []
    note = Path(django_settings.KEYS_DIR) / "audit.end"
    note.write_text(note.read_text().replace("[", "[1", 1))
    with pytest.raises(BadKeys, match="was altered"):
        list(verify())


def test_a_key_is_never_printed() -> None:
    key = crypto.new_master_key()
    master = MasterKeys.parse(key)
    assert repr(master) == "MasterKeys()"
    assert str(master.keys[0]) not in f"{master} {Keyring(master, Path())!r}"


@pytest.mark.django_db
def test_an_interrupted_erasing_is_finished(
    practice: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the rows and the key, a client's key would open their old backups for ever."""
    with monkeypatch.context() as patched:
        patched.setattr(erasure, "_delete_what_is_on_disk", lambda _client: None)
        erasure.erase_client(actor=practice.mara, client=practice.teos.client)
    assert crypto.keyring().has(practice.teos.client.key)
    tasks.sweep()
    assert not crypto.keyring().has(practice.teos.client.key)
    assert crypto.keyring().has(practice.cleos.client.key)


@pytest.mark.django_db
def test_nobody_is_erased_while_a_copy_of_the_keys_is_out_of_reach(
    practice: SimpleNamespace, settings: Any, tmp_path: Path
) -> None:
    settings.KEYS_COPY_DIR = tmp_path / "disk" / "keys"
    crypto.keyring().make(make_client("Somebody").key)
    (tmp_path / "disk").rename(tmp_path / "taken out")
    client = practice.teos.client
    page = signed_in(practice.mara).post(reverse("deletion_do", args=[client.key]), {"name": "Teo"})
    assert "out of reach" in page.content.decode()
    client.refresh_from_db()
    assert (client.name, client.erased_at) == ("Teo", None)
    (tmp_path / "disk").mkdir()  # where it was, an empty folder stays
    with pytest.raises(BadKeys, match="connect its disk first"):
        erasure.erase_client(actor=practice.mara, client=client)
    (tmp_path / "disk").rmdir()
    (tmp_path / "taken out").rename(tmp_path / "disk")
    erasure.erase_client(actor=practice.mara, client=client)
    assert not crypto.keyring().has(client.key)


def test_a_backup_lays_nothing_open_beside_its_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, disk = tmp_path / "home", tmp_path / "disk"
    for folder in (home, disk, home / ".backup-left", home / ".restore-just-now"):
        folder.mkdir()
    os.utime(home / ".backup-left", (time.time() - 10**6,) * 2)
    sqlite3.connect(home / "practice.sqlite3").execute("CREATE TABLE audit_entry (number, hash)")
    places = []
    snapshot = backups._snapshot

    def watched(database: Path, target: Path) -> None:
        snapshot(database, target)
        places.append((target.parent.parent, stat.S_IMODE(target.parent.stat().st_mode)))
        assert not list(disk.iterdir())

    monkeypatch.setattr(backups, "_snapshot", watched)
    master = MasterKeys.parse(crypto.new_master_key())
    backups.write_backup(
        disk / "b", database=home / "practice.sqlite3", files=home / "f", master=master
    )
    assert places == [(home, 0o700)]
    assert sorted(p.name for p in home.iterdir()) == [".restore-just-now", "practice.sqlite3"]


# -- the demonstration -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("demo", "fictional", "address", "status"),
    [
        (True, True, "127.0.0.1", 200),
        (True, True, "192.0.2.7", 404),
        (True, False, "127.0.0.1", 404),
        (False, True, "127.0.0.1", 404),
        (False, False, "127.0.0.1", 404),
    ],
)
def test_the_doors_of_the_demonstration_open_nowhere_else(
    practice: SimpleNamespace, settings: Any, demo: bool, fictional: bool, address: str, status: int
) -> None:
    settings.DEMO = demo
    Practice.objects.update(fictional=fictional)
    browser = Browser(REMOTE_ADDR=address)
    assert browser.get(reverse("demo_doors")).status_code == status
    browser.post(reverse("demo_doors"), {"role": "manager"})
    assert ("_auth_user_id" in browser.session) == (status == 200)


def test_no_form_makes_a_real_practice_a_fictional_one(practice: SimpleNamespace) -> None:
    said = {"name": "P", "time_zone": "UTC", "recordings_kept_days": 9, "version": 1, "fictional": "on"}
    response = signed_in(practice.mara).post(reverse("practice_settings"), said)
    assert response.status_code == 302
    held = Practice.get()
    assert held is not None
    assert (held.name, held.fictional) == ("P", False)


def test_a_form_changes_only_what_it_asks(practice: SimpleNamespace) -> None:
    said = {
        "name": "New",
        "language": "en",
        "time_zone": "UTC",
        "is_manager": "on",
        "email": "x@example.org",
    }
    signed_in(practice.teo).post(reverse("people_me"), {**said, "roles": "manager", "is_active": ""})
    teo = User.objects.get(pk=practice.teo.pk)
    assert (teo.name, teo.email, teo.is_manager, teo.is_active) == (
        "New",
        "teo@example.org",
        False,
        True,
    )


# -- a real practice's settings ----------------------------------------------------------------------------

_LOOK = """
import io, json, os, sqlite3, sys, warnings
from pathlib import Path
from openrapport_web import verbs
home = Path(sys.argv[1])
verbs.set_up(home)
from django.conf import settings
from django.core.management import call_command
from django.test import Client
said = io.StringIO()
call_command("check", deploy=True, fail_level="INFO", stdout=said, stderr=said)
verbs.migrate()
held = sqlite3.connect(home / "practice.sqlite3")
held.execute("BEGIN IMMEDIATE")
login = Client().get("/account/login/", secure=True, headers={"host": "practice.example"})
plain = Client().get("/account/login/", headers={"host": "practice.example"})
cookies = {c.key: {n: c[n] for n in ("secure", "httponly", "samesite", "path", "domain")}
           for c in login.cookies.values()}
print(json.dumps({
    "check": said.getvalue(), "status": login.status_code, "headers": dict(login.headers),
    "cookies": cookies, "plain": [plain.status_code, plain.headers["Location"], dict(plain.headers)],
    "session": [settings.SESSION_COOKIE_NAME, settings.SESSION_COOKIE_SECURE, settings.SESSION_COOKIE_HTTPONLY],
    "modes": {str(p.relative_to(home)): p.stat().st_mode & 0o777 for p in [home, *home.rglob("*")]},
}))
"""


def _environment(home: Path, **more: str) -> dict[str, str]:
    outside = {
        name: v for name, v in os.environ.items() if not name.startswith(("OPENRAPPORT_", "DJANGO_"))
    }
    own = {"OPENRAPPORT_HOME": str(home), "OPENRAPPORT_HOSTS": "practice.example",
           "OPENRAPPORT_ORIGIN": "https://practice.example"}  # fmt: skip
    return {**outside, **own, **{f"OPENRAPPORT_{name}": value for name, value in more.items()}}


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A practice as ``init`` and ``serve`` make it, in a folder that somebody left open."""
    home = tmp_path_factory.mktemp("real")
    home.chmod(0o755)
    verbs.make_home(home)
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", _LOOK, str(home)],
        env=_environment(home), capture_output=True, text=True, timeout=240, check=False, umask=0o022,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    seen: dict[str, Any] = json.loads(run.stdout)
    return seen


def test_the_deploy_check_has_nothing_to_say(real: dict[str, Any]) -> None:
    assert "no issues (0 silenced)" in real["check"]


def test_cookies_are_bound_to_the_host_and_to_https(real: dict[str, Any]) -> None:
    assert real["session"] == ["__Host-session", True, True]
    assert set(real["cookies"]) == {"__Host-csrf"}
    for cookie in real["cookies"].values():
        assert cookie == {
            "secure": True,
            "httponly": True,
            "samesite": "Lax",
            "path": "/",
            "domain": "",
        }


def test_browsers_are_told_to_come_by_https_alone(real: dict[str, Any]) -> None:
    status, where, headers = real["plain"]
    assert (status, where) == (301, "https://practice.example/account/login/")
    for told in (real["headers"], headers):
        assert told["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"


def test_nobody_else_on_the_machine_reads_the_practices_files(real: dict[str, Any]) -> None:
    modes = real["modes"]
    assert {"practice.sqlite3", "master.key", "secret.key"} <= set(modes)
    assert {name: oct(mode) for name, mode in modes.items() if mode & 0o077} == {}


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"ORIGIN": "http://practice.example"}, "OPENRAPPORT_ORIGIN"),
        ({"ORIGIN": "https://evil.example"}, "not among OPENRAPPORT_HOSTS"),
        ({"ORIGIN": "practice.example"}, "OPENRAPPORT_ORIGIN"),
        ({"HOSTS": "*"}, "OPENRAPPORT_HOSTS"),
        ({"HTTPS": "no"}, "OPENRAPPORT_HTTPS"),
        ({"LOG_LEVEL": "DEBUG"}, "OPENRAPPORT_LOG_LEVEL"),
        ({"SECRET_KEY": "short"}, "OPENRAPPORT_SECRET_KEY"),
        ({}, "there is no way in by HTTPS"),
        ({"BEHIND_PROXY": "no"}, "there is no way in by HTTPS"),
        ({"MASTER_KEY": "c2hvcnQ="}, "not 32 bytes"),
    ],
)
def test_unsafe_settings_are_refused(tmp_path: Path, variables: dict[str, str], words: str) -> None:
    home = tmp_path / "home"
    verbs.make_home(home)
    run = subprocess.run(
        [sys.executable, "-c", "from openrapport_web.verbs import serve; serve()", "--home", str(home)],
        env=_environment(home, **variables), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert run.returncode == 1
    assert words in run.stderr
    assert run.stderr.count("\n") == 1
    assert not (home / "practice.sqlite3").exists()


def test_the_server_believes_a_proxy_only_where_there_is_one(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import uvicorn

    asked: dict[str, Any] = {}
    monkeypatch.setattr(uvicorn, "run", lambda _app, **how: asked.update(how))
    monkeypatch.setenv("OPENRAPPORT_BEHIND_PROXY", "no")
    settings.BEHIND_PROXY = False
    verbs.run_server("127.0.0.1", 8000, with_worker=False)
    assert asked["proxy_headers"] is False
    assert asked["access_log"] is False
    assert asked["server_header"] is False
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.set_ciphers(asked["ssl_ciphers"])
    assert tls.minimum_version >= ssl.TLSVersion.TLSv1_2
    for cipher in tls.get_ciphers():
        assert cipher["aead"]
        assert cipher["protocol"] == "TLSv1.3" or cipher["name"].startswith("ECDHE-")


def test_nothing_is_restored_where_no_keys_are(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a key everybody would count as deleted since, and be emptied."""
    (tmp_path / "b").write_bytes(b"ORBACKUP1")
    monkeypatch.setattr(verbs, "set_up", lambda _home: None)
    run = CliRunner().invoke(verbs.restore, ["--home", str(tmp_path / "new"), str(tmp_path / "b")])
    assert run.exit_code == 1
    assert "there are no keys at" in run.output


@pytest.mark.django_db
def test_a_new_master_key_takes_the_place_of_the_old_one(
    practice: SimpleNamespace, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verbs, "set_up", lambda _home: None)
    new, old = crypto.new_master_key(), settings.MASTER_KEY
    settings.MASTER_KEY = f"{new}\n{old}"
    run = CliRunner().invoke(verbs.rotate_keys, ["--home", str(tmp_path)])
    assert run.exit_code == 0, run.output
    assert "3 keys" in run.output  # of two clients and of the practice
    settings.MASTER_KEY = new
    assert practice.teos.note.versions.get().text == "A note for the tests."
    assert list(verify()) == []
    settings.MASTER_KEY = old
    with pytest.raises(BadKeys, match="does not open"):
        crypto.keyring().key(practice.teos.client.key)


# -- what we are made of -----------------------------------------------------------------------------------

_ALLOWED = re.compile(
    r"apache|mit\b|mit-cmu|bsd|hpnd|mpl|mozilla|isc|psf|python software|unlicense|0bsd", re.IGNORECASE
)


def _needed(name: str, extras: set[str], seen: dict[str, metadata.Distribution]) -> None:
    from packaging.requirements import Requirement

    found = metadata.distribution(name)
    if name in seen and not extras:
        return
    seen[name] = found
    for line in found.requires or []:
        wanted = Requirement(line)
        if wanted.marker is None or any(wanted.marker.evaluate({"extra": e}) for e in extras | {""}):
            _needed(re.sub(r"[-_.]+", "-", wanted.name).lower(), set(wanted.extras), seen)


def test_what_runs_has_a_licence_that_lets_everybody_use_it() -> None:
    seen: dict[str, metadata.Distribution] = {}
    _needed("openrapport", {"web"}, seen)
    assert len(seen) > 30
    for name, found in seen.items():
        about = found.metadata
        classified = [c for c in about.get_all("Classifier") or [] if c.startswith("License")]
        said = " ".join([str(about.get("License-Expression") or ""), *classified]).strip()
        said = said or str(about.get("License") or "")[:200]
        assert _ALLOWED.search(said), (name, said)
        # Of several licences one may choose.
        assert "GPL" not in said or "Mozilla" in said, (name, said)


def test_every_package_is_pinned_with_its_hash() -> None:
    lock = (Path(__file__).parents[2] / "requirements.lock").read_text()
    pinned = re.findall(
        r"^([a-z0-9][\w.-]*)(?:\[.*\])?==\S+(.*(?:\n    --hash=.*)*)", lock, re.MULTILINE
    )
    assert len(pinned) > 80
    assert [name for name, rest in pinned if "--hash=sha256:" not in rest] == []
