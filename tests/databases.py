"""Makes databases on the Postgres of the test session, so that each test module can count everything in its own.

Rows cannot be deleted: what one module recorded is kept from the next by giving it another database.
"""

import itertools
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from infra.local.parts.databases import SUPERUSER, connect
from infra.local.ports import LOOPBACK
from pipeline.records import Database
from pipeline.records.migrate import upgrade

if TYPE_CHECKING:
    from tests.stack_fixtures import SessionStack  # loaded later, as a plugin whose asserts pytest rewrites

TEMPLATE = "tests_template"


class Databases:
    """Makes them, and closes them in the end."""

    def __init__(self, stack: "SessionStack") -> None:
        self._stack = stack
        self._numbers = itertools.count(1)
        self._opened: list[Database] = []
        with connect(stack.stack._site()) as connection:
            # Each database is some 300 files; to write all of them through to the disk takes the server a second and a
            # half when it stops. Nothing here outlives this machine.
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
        self._create(TEMPLATE)
        upgrade(self.url(TEMPLATE))

    def make(self) -> str:
        """The URL of an empty database at the newest schema."""
        name = f"tests_{next(self._numbers)}"
        self._create(name, template=TEMPLATE)
        return self.url(name)

    def make_bare(self) -> str:
        """The URL of a database without tables."""
        name = f"tests_{next(self._numbers)}_bare"
        self._create(name)
        return self.url(name)

    def open(self, url: str) -> Database:
        """As our own role; closed when the session ends."""
        opened = Database(url)
        self._opened.append(opened)
        return opened

    def superuser(self, url: str) -> "psycopg.Connection[Any]":
        """A database as entered by somebody with every right there is; every statement is committed at once."""
        site = self._stack.stack._site()
        return psycopg.connect(
            host=LOOPBACK,
            port=site.state.port("postgres"),
            user=SUPERUSER,
            password=site.secrets.of("postgres_superuser"),
            dbname=url.rpartition("/")[2],
            autocommit=True,
        )

    def url(self, name: str) -> str:
        return self._stack.settings["FIRSTHAND_DATABASE_URL"].rpartition("/")[0] + f"/{name}"

    def close(self) -> None:
        for database in self._opened:
            database.close()

    def _create(self, name: str, *, template: str = "template1") -> None:
        statement = sql.SQL("CREATE DATABASE {} OWNER firsthand TEMPLATE {}")
        with connect(self._stack.stack._site()) as connection:
            connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
