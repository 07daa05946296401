"""How to open Postgres: short transactions, timeouts, our errors, and locks that die with their holder."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import sqlalchemy as sa
from sqlalchemy.orm import Session

from pipeline.errors import AccessDeniedError, DatabaseUnavailableError, SettingsError

STATEMENT_TIMEOUT_MS = 60_000
"""No query of ours takes a second; one that takes a minute holds locks that others wait for."""

LOCK_POLL_S = 0.5


class Database:
    """The Firsthand database, reached through one connection pool. Safe to share between threads."""

    def __init__(self, url: str, *, pool_size: int = 8) -> None:
        self._engine = sa.create_engine(
            url,
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_pre_ping=True,
            connect_args={
                "connect_timeout": 10,
                "options": f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c timezone=utc",
                "application_name": "firsthand",
            },
        )

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """One transaction: committed when the block ends, rolled back when it raises.

        Raises:
            DatabaseUnavailableError: Postgres did not answer; nothing was recorded.
            AccessDeniedError: Postgres refused the credentials.
            SettingsError: the database or its tables do not exist.
        """
        with _our_errors(), Session(self._engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def exclusive(self, name: str) -> Iterator[None]:
        """Hold the one lock of this name, waiting for whoever holds it.

        It is a Postgres session lock: when its holder is killed, Postgres frees it. No transaction stays open.
        A holder that loses its connection loses the lock too; unique constraints still keep work from counting twice.
        """
        key = sa.text("SELECT pg_try_advisory_lock(hashtextextended(:name, 0))")
        with _our_errors(), self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            while not connection.execute(key, {"name": name}).scalar_one():
                time.sleep(LOCK_POLL_S)
            try:
                yield
            finally:
                # Closing would give the connection back to the pool with the lock still held.
                connection.invalidate()

    def close(self) -> None:
        """Give all connections back to Postgres."""
        self._engine.dispose()


@contextmanager
def _our_errors() -> Iterator[None]:
    try:
        yield
    except sa.exc.OperationalError as exc:
        message = str(exc.orig).strip().splitlines()[-1]
        if "authentication failed" in message or ("role" in message and "does not exist" in message):
            raise AccessDeniedError(
                f"Postgres refused the credentials in FIRSTHAND_DATABASE_URL: {message}. "
                "Check its user and password; `firsthand up` rewrites the local one."
            ) from exc
        if "database" in message and "does not exist" in message:
            raise SettingsError(f"FIRSTHAND_DATABASE_URL names a database that does not exist: {message}") from exc
        raise DatabaseUnavailableError(
            f"Postgres does not answer: {message}. Is it running? `firsthand status` shows the local one."
        ) from exc
    except sa.exc.ProgrammingError as exc:
        if isinstance(exc.orig, psycopg.errors.UndefinedTable):
            raise SettingsError("the database has no Firsthand tables: run `firsthand migrate`") from exc
        raise
    except sa.exc.InterfaceError as exc:
        raise DatabaseUnavailableError(f"the connection to Postgres broke: {exc.orig}") from exc
