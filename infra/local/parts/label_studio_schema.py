"""How does Label Studio get its tables without two minutes of migrations each time?

Its migrations run once for an environment: what they leave in an empty database, before there is any account, is kept
as a dump beside the environment, and every new home of a stack begins with that. Another lock file, of Label Studio or
of Postgres, is another environment, and the migrations run again.

A restore is one transaction: one that was killed leaves an empty database. A dump that cannot be restored is thrown
away, and the migrations run again. Migrations that were killed leave a database that is not empty: it is left alone
here, the server goes on with it or, where it cannot, the part is cleared and begins from nothing.
"""

from collections.abc import Mapping
from pathlib import Path

from infra.local.locking import exclusive
from infra.local.parts.databases import is_empty
from infra.local.parts.part import Say
from infra.local.parts.postgres import programs
from infra.local.ports import LOOPBACK
from infra.local.process import run_once
from infra.local.site import Site
from pipeline.errors import StackError

DATABASE = "labelstudio"
WITHIN_S = 400.0


def ensure_schema(site: Site, say: Say, *, environment: Mapping[str, str]) -> None:
    """Give an empty database the tables of Label Studio. Safe to repeat.

    Args:
        site: Whose database it is.
        say: Told in a few words what takes long.
        environment: That of the server.

    Raises:
        StackError: The migrations failed; the database may hold a part of them.
    """
    if not is_empty(site, DATABASE):
        return
    dump = site.tool("label-studio") / f"schema-{site.tool('postgres').name}.dump"
    with exclusive(dump.with_suffix(".lock"), wait_s=WITHIN_S, waiting=lambda: say("another command migrates")):
        if dump.is_file() and _restore(site, dump, say):
            return
        say("migrating its database, once for each version: about a minute")
        _migrate(site, environment)
        draft = dump.with_suffix(".part")
        _run(site, "pg_dump", ["--format=custom", "--no-owner", f"--file={draft}", DATABASE])
        draft.replace(dump)


def _restore(site: Site, dump: Path, say: Say) -> bool:
    options = ["--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error"]
    try:
        _run(site, "pg_restore", [*options, f"--dbname={DATABASE}", str(dump)])
    except StackError as exc:
        first_line, _, _ = str(exc).partition("\n")
        say(f"throwing away the dump of its tables: {first_line}")
        dump.unlink()
        return False
    return True


def _migrate(site: Site, environment: Mapping[str, str]) -> None:
    tool = site.tool("label-studio")
    found = sorted(tool.glob("lib/python3*/site-packages/label_studio/manage.py"))
    if not found:
        raise StackError(f"expected Label Studio's manage.py in {tool}, found none")
    argv = [str(tool / "bin" / "python"), str(found[0]), "migrate", "--no-color", "--verbosity=0"]
    _once(site, "the migrations of Label Studio", argv, environment, cwd=site.home / "label-studio")


def _run(site: Site, program: str, options: list[str]) -> None:
    who = [f"--host={LOOPBACK}", f"--port={site.state.port('postgres')}", f"--username={DATABASE}", "--no-password"]
    # In the environment, where other users of this machine cannot read it.
    secret = {"PGPASSWORD": site.secrets.of(f"postgres_{DATABASE}")}
    argv = [str(programs(site) / program), *who, *options]
    _once(site, program, argv, {**site.environment(), **secret}, cwd=site.home)


def _once(site: Site, what: str, argv: list[str], environment: Mapping[str, str], *, cwd: Path) -> None:
    mark = site.state.stack_id
    run_once(what, argv, env=environment, cwd=cwd, stack_id=mark, log=site.log("label-studio"), within_s=WITHIN_S)
