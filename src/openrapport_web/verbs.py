"""The verbs of the command line that need the web application.

The command line finds them as entry points (pyproject.toml), so neither package imports the other.
Django is set up when a verb runs, not before.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

__all__ = [
    "backup",
    "demo",
    "init",
    "reset_factor",
    "restore",
    "rotate_keys",
    "serve",
    "verify_audit",
    "worker",
]

F = TypeVar("F", bound=Callable[..., Any])

_HOME = "OPENRAPPORT_HOME"
DATABASE, _FICTIONAL = "practice.sqlite3", "fictional"
# Of TLS 1.2: keys that are gone after the connection, and encryption that notices changes. TLS 1.3
# has nothing else.
_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"


def _home_option(function: F) -> F:
    return click.option(
        "--home",
        envvar=_HOME,
        required=True,
        type=click.Path(file_okay=False, path_type=Path),
        help=f"The folder of the practice's data [or the variable {_HOME}].",
    )(function)


def set_up(home: Path) -> None:
    """Start Django on a practice's folder; wrong settings end the verb with one line."""
    from openrapport_web.environment import UnsafeSettings

    os.environ[_HOME] = str(home)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openrapport_web.settings")
    try:
        import django

        django.setup()
        from openrapport_web.crypto import BadKeys, keyring

        try:
            keyring()
        except BadKeys as error:
            raise click.ClickException(str(error)) from None
    except UnsafeSettings as error:
        raise click.ClickException(str(error)) from None
    _close(home)


def _close(home: Path) -> None:
    """Let nobody else on this machine into the practice's folder."""
    if home.is_dir() and home.stat().st_mode & 0o077:
        try:
            home.chmod(0o700)
        except OSError:
            click.echo(f"Other people on this machine can read {home}; run: chmod 700 {home}", err=True)


def _write_secret(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text + "\n")


@click.command(short_help="Make the folder and the keys of a new practice.")
@_home_option
def init(home: Path) -> None:
    """Make a folder for a practice's data, with a master key and a signing secret.

    \b
    Example:
      openrapport init --home /srv/practice
    """
    make_home(home)
    click.echo(
        f"Made {home}. Copy {home / 'master.key'} to a safe place away from this machine now: without it "
        "no content can be read again.",
        err=True,
    )


def make_home(home: Path) -> None:
    """Make a practice's folder; refuses one that has a key."""
    from openrapport_web.crypto import new_master_key

    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in ("master.key", "secret.key"):
        if (home / name).exists():
            raise click.ClickException(
                f"{home / name} is there already; a practice's key is never replaced"
            )
    _write_secret(home / "master.key", new_master_key())
    _write_secret(home / "secret.key", secrets.token_urlsafe(64))


def migrate() -> None:
    """Bring the database to the present shape."""
    from django.core.management import call_command

    from openrapport_web.crypto import PRACTICE, keyring

    call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)
    # Before there are several processes, of which two could make it at once.
    keyring().make(PRACTICE)


@click.command(short_help="Run the web application.")
@_home_option
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65_535))
@click.option(
    "--certificate", type=click.Path(exists=True, path_type=Path), help="A TLS certificate (PEM)."
)
@click.option("--certificate-key", type=click.Path(exists=True, path_type=Path), help="Its key (PEM).")
@click.option("--processes", default=1, show_default=True, type=click.IntRange(1, 64))
@click.option(
    "--worker/--no-worker", "with_worker", default=True, help="Run a worker beside the server."
)
def serve(
    home: Path,
    host: str,
    port: int,
    certificate: Path | None,
    certificate_key: Path | None,
    processes: int,
    with_worker: bool,
) -> None:
    """Serve a practice. Unsafe settings are refused, with what to do about them.

    \b
    Example:
      openrapport serve --home /srv/practice --certificate cert.pem --certificate-key key.pem
    """
    if port != 8000 and "OPENRAPPORT_ORIGIN" not in os.environ:
        secure = os.environ.get("OPENRAPPORT_HTTPS", "yes").lower() not in ("no", "0", "false", "off")
        os.environ["OPENRAPPORT_ORIGIN"] = f"http{'s' * secure}://localhost:{port}"
    set_up(home)
    from django.conf import settings

    if host not in ("127.0.0.1", "localhost", "::1") and not settings.HTTPS:
        raise click.ClickException(
            f"--host {host} would send what people say over the network unencrypted; "
            "set OPENRAPPORT_HTTPS=yes and give --certificate, or a proxy that has one"
        )
    if settings.HTTPS and not (certificate or settings.BEHIND_PROXY):
        raise click.ClickException(
            "there is no way in by HTTPS: give --certificate and --certificate-key, or set "
            "OPENRAPPORT_BEHIND_PROXY=yes where a proxy of yours has them, or OPENRAPPORT_HTTPS=no for "
            "this machine alone"
        )
    migrate()
    from openrapport_web.people import setup_code

    if setup_code.is_first_visit():
        click.echo(
            f"Open {settings.ORIGIN} to set the practice up. The code that it asks for stands in "
            f"{setup_code.ensure()}",
            err=True,
        )
    run_server(host, port, certificate, certificate_key, processes, with_worker=with_worker)


def run_server(
    host: str,
    port: int,
    certificate: Path | None = None,
    certificate_key: Path | None = None,
    processes: int = 1,
    *,
    with_worker: bool = True,
) -> None:
    """Run the server in this process, and a worker in one of its own that ends with it."""
    import uvicorn
    from django.conf import settings

    helper = subprocess.Popen([sys.executable, "-m", "openrapport_web.work"]) if with_worker else None
    try:
        uvicorn.run(
            "openrapport_web.asgi:application",
            host=host,
            port=port,
            workers=processes,
            ssl_certfile=str(certificate) if certificate else None,
            ssl_keyfile=str(certificate_key) if certificate_key else None,
            log_config=None,
            access_log=False,  # addresses hold keys; what people do stands in the audit log
            server_header=False,
            proxy_headers=settings.BEHIND_PROXY,
            ssl_ciphers=_CIPHERS,
            lifespan="off",
            timeout_graceful_shutdown=10,
        )
    finally:
        if helper:
            helper.send_signal(signal.SIGTERM)
            helper.wait(timeout=30)


@click.command(short_help="A fictional practice to walk around in.")
@click.option(
    "--home",
    default=Path("demo-practice"),
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Where its data go.",
)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65_535))
def demo(home: Path, port: int) -> None:
    """Make a fictional practice, serve it on this machine, and say how to get in.

    \b
    Example:
      openrapport demo
    """
    os.environ |= {
        "OPENRAPPORT_DEMO": "yes",
        "OPENRAPPORT_HTTPS": "no",
        "OPENRAPPORT_LOG_LEVEL": "WARNING",
    }
    os.environ["OPENRAPPORT_ORIGIN"] = f"http://localhost:{port}"
    if not (home / "master.key").exists():
        make_home(home)
        (home / _FICTIONAL).touch()
    elif not (home / _FICTIONAL).exists():
        raise click.ClickException(f"{home} was not made by demo; name another folder with --home")
    set_up(home)
    migrate()
    from openrapport_web.people.models import Practice, Role, User

    held = Practice.get()
    if held is None:
        click.echo("Making a fictional practice ...", err=True)
        from openrapport_web.demo import fill_demo

        fill_demo()
    click.echo(f"\n  http://localhost:{port}/demo/   choose who you want to be:\n")
    for role in Role:
        somebody = User.objects.here(role).order_by("made_at").first()
        click.echo(f"    {role:<11} {somebody.name if somebody else ''}")
    click.echo(
        f"\n  All of it is fictional. Letters that would go out lie in {home / 'letters'}.\n"
        "  Ctrl-C ends it; the same command goes on where you left it.\n"
    )
    run_server("127.0.0.1", port)


@click.command(short_help="Do the queued work: analyses, retention, reminders.")
@_home_option
def worker(home: Path) -> None:
    """Work on what is queued until it is stopped. Several may run at once.

    \b
    Example:
      openrapport worker --home /srv/practice
    """
    set_up(home)
    from openrapport_web.work import run_worker

    run_worker()


def _require_practice(home: Path) -> None:
    if not (home / DATABASE).is_file():
        raise click.ClickException(
            f"{home / DATABASE} is not there; 'openrapport serve' begins a practice, "
            "'openrapport restore' brings one back"
        )


@click.command("rotate-keys", short_help="Put every data key under the newest master key.")
@_home_option
def rotate_keys(home: Path) -> None:
    """Wrap the data keys anew, after a new master key was put in front of the old one.

    \b
    Example:
      openrapport rotate-keys --home /srv/practice
    """
    set_up(home)
    from openrapport_web.audit.chain import record
    from openrapport_web.crypto import BadKeys, keyring

    try:
        keyring().require_places()
        n = keyring().rotate()
    except BadKeys as error:
        raise click.ClickException(str(error)) from None
    if (home / DATABASE).is_file():
        record(None, "keys.rotated", keys=n)
    click.echo(
        f"{n} keys are under the newest master key. Restart the server, then take the old one out; keep a "
        "copy of it for as long as you keep backups from its time."
    )


@click.command("reset-factor", short_help="Take a lost second factor off an account.")
@_home_option
@click.argument("email")
def reset_factor(home: Path, email: str) -> None:
    """For the manager who lost their own and has nobody to ask: whoever has the machine may do it.

    They sign in with their password and set up a new second factor.

    \b
    Example:
      openrapport reset-factor --home /srv/practice mona@example.org
    """
    set_up(home)
    _require_practice(home)
    from openrapport_web.people.actions import take_factors_off
    from openrapport_web.people.models import User

    person = User.objects.filter(email=email.strip().lower()).first()
    if person is None:
        raise click.ClickException("no account has this address; see the list of people")
    n = take_factors_off(actor=None, person=person)
    click.echo(f"{n} second factors are taken off; the next sign-in asks for a new one.", err=True)


@click.command("verify-audit", short_help="Check the chain of who saw and did what.")
@_home_option
def verify_audit(home: Path) -> None:
    """Check every entry of the audit log; names the first link that is broken.

    \b
    Example:
      openrapport verify-audit --home /srv/practice
    """
    set_up(home)
    _require_practice(home)
    from openrapport_web.audit.chain import verify
    from openrapport_web.audit.models import Entry

    first = next(verify(), None)
    if first is not None:
        raise click.ClickException(f"audit entry {first.number}: {first.why}")
    last = Entry.objects.order_by("-number").first()
    if last is None:
        click.echo("The audit log is empty.")
    else:
        click.echo(
            f"{last.number} entries, unbroken. The last one, of {last.at:%Y-%m-%d %H:%M} UTC, is {last.hash}"
        )


@click.command(short_help="Write an encrypted backup while the server runs.")
@_home_option
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(home: Path, file: Path) -> None:
    """Write the practice's database and files to FILE, encrypted, and read it back.

    Keys are not in it. Keep the master key and the keys folder (or its copy,
    OPENRAPPORT_KEYS_COPY_DIR) apart from it.

    \b
    Example:
      openrapport backup --home /srv/practice /mnt/disk/2026-11-22.orbackup
    """
    set_up(home)
    _require_practice(home)
    from django.conf import settings

    from openrapport_web.audit.chain import record
    from openrapport_web.backups import BadBackup, write_backup
    from openrapport_web.crypto import keyring

    with _Bar("Writing and reading back") as progress:
        try:
            kept = write_backup(
                file,
                database=home / DATABASE,
                files=settings.FILES_DIR,
                master=keyring().master,
                progress=progress,
            )
        except BadBackup as error:
            raise click.ClickException(str(error)) from None
    record(None, "backup.made", files=kept.n_files, size_bytes=kept.size_bytes)
    click.echo(
        f"{file}: {kept.n_files} files, {kept.size_bytes / 2**20:,.1f} MiB, {kept.n_entries} audit entries "
        "(read back and found whole)"
    )


@click.command(short_help="Put a backup into an empty place.")
@_home_option
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore(home: Path, file: Path) -> None:
    """Restore FILE into a folder that has the keys but no database and no files.

    Clients whose keys were deleted since the backup stay unreadable; their names are emptied.

    \b
    Example:
      openrapport restore --home /srv/practice 2026-11-22.orbackup
    """
    set_up(home)
    from django.conf import settings

    from openrapport_web.backups import BadBackup, read_backup
    from openrapport_web.crypto import keyring

    if not any(keyring().owners()):
        # Whoever has no key counts as deleted since the backup, and would be emptied.
        raise click.ClickException(
            f"there are no keys at {settings.KEYS_DIR}; put the practice's keys folder, or its copy, there"
        )
    with _Bar("Restoring") as progress:
        try:
            kept = read_backup(file, home=home, master=keyring().master, progress=progress)
        except BadBackup as error:
            raise click.ClickException(str(error)) from None
    migrate()
    from openrapport_web.audit.chain import keep_end, record
    from openrapport_web.erasure import empty_those_without_key

    record(None, "backup.restored", made_at=kept.made_at)
    keep_end(anew=True)
    n = empty_those_without_key()
    click.echo(
        f"Restored what was kept on {kept.made_at}: {kept.n_files} files, {kept.n_entries} audit entries."
        + (f" {n} clients were deleted since; what was left of them is emptied." if n else "")
    )


class _Bar:
    """Progress on standard error, counted in bytes."""

    def __init__(self, label: str) -> None:
        self._bar = click.progressbar(length=1_000, label=label, file=sys.stderr)
        self._done = 0

    def __enter__(self) -> Callable[[int, int], None]:
        self._bar.__enter__()
        return self._step

    def _step(self, done: int, total: int) -> None:
        now = 1_000 * done // max(1, total)
        self._bar.update(now - self._done)
        self._done = now

    def __exit__(self, *failure: Any) -> None:
        self._bar.__exit__(*failure)
