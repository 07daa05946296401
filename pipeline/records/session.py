"""How to open Postgres: short transactions, timeouts, our errors, and locks that die with their holder."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import sqlalchemy as sa
from sqlalchemy.orm import Session

from pipeline.errors import AccessDeniedError, DatabaseUnavailableError, FirsthandError, SettingsError, UsageError

STATEMENT_TIMEOUT_MS = 60_000
"""No query of ours takes a second; one that takes a minute holds locks that others wait for."""

LOCK_POLL_S = 0.5

_NOTICES_A_LOST_MACHINE = "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"
"""A killed process closes its connection; a machine that lost power does not, and would keep its locks for hours."""

# Postgres shows the 64 bits of a lock in two halves.
_IS_HELD = sa.text("""
    WITH key AS (SELECT hashtextextended(:name, 0) AS bits)
    SELECT EXISTS (
        SELECT FROM pg_locks, key
        WHERE locktype = 'advisory' AND objsubid = 1 AND granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND classid = ((bits >> 32) & 4294967295)::oid AND objid = (bits & 4294967295)::oid
    )
""")

_LOCK = sa.text("SELECT pg_try_advisory_lock(hashtextextended(:name, 0))")
_UNLOCK = sa.text("SELECT pg_advisory_unlock(hashtextextended(:name, 0))")

_REFUSED_CREDENTIALS = ("authentication failed", "no password supplied", "permission denied", "no pg_hba.conf entry")


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
                "options": f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c timezone=utc {_NOTICES_A_LOST_MACHINE}",
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
        with our_errors(), Session(self._engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def exclusive(self, name: str) -> Iterator[None]:
        """Hold the one lock of this name, waiting for whoever holds it.

        It is a Postgres session lock: when its holder is killed, Postgres frees it. No transaction stays open.
        A holder that loses its connection loses the lock too; unique constraints still keep work from counting twice.
        """
        with our_errors(), self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            while not connection.execute(_LOCK, {"name": name}).scalar_one():
                time.sleep(LOCK_POLL_S)
            try:
                yield
            finally:
                _free(connection, name)

    def is_held(self, name: str) -> bool:
        """Whether anybody holds the lock of this name now.

        Raises:
            DatabaseUnavailableError: Postgres did not answer.
        """
        with self.begin() as session:
            return bool(session.execute(_IS_HELD, {"name": name}).scalar_one())

    def close(self) -> None:
        """Give all connections back to Postgres."""
        self._engine.dispose()


def _free(connection: sa.Connection, name: str) -> None:
    """Give a lock back; where that cannot be seen to have worked, the connection ends, and the lock with it."""
    is_free = False
    try:
        is_free = bool(connection.execute(_UNLOCK, {"name": name}).scalar_one())
    except sa.exc.SQLAlchemyError:
        pass  # the connection is lost: what the block did stands without it
    finally:
        if not is_free:
            # Closing would give the connection back to the pool with the lock still held.
            connection.invalidate()


@contextmanager
def our_errors() -> Iterator[None]:
    """Turn what Postgres and SQLAlchemy say into errors of ours.

    Raises:
        AccessDeniedError: Postgres refused the credentials, or the role may not do this.
        SettingsError: the database or its tables do not exist.
        UsageError: a text that was asked for is none.
        DatabaseUnavailableError: Postgres did not answer.
    """
    try:
        yield
    except sa.exc.OperationalError as exc:
        raise _refusal(_said(exc)) from exc
    except sa.exc.ProgrammingError as exc:
        if isinstance(exc.orig, psycopg.errors.UndefinedTable):
            raise SettingsError("the database has no Firsthand tables: run `firsthand migrate`") from exc
        if isinstance(exc.orig, psycopg.errors.InsufficientPrivilege) and "permission denied" in str(exc.orig):
            raise AccessDeniedError(
                f"Postgres does not let the role of FIRSTHAND_DATABASE_URL do this: {_said(exc)}. "
                "Give it the rights, or name the role that owns the tables."
            ) from exc
        raise
    except sa.exc.DataError as exc:
        raise FirsthandError(
            f"a fault of ours: Postgres cannot store a value that was not checked: {_said(exc)}"
        ) from exc
    except sa.exc.InterfaceError as exc:
        raise DatabaseUnavailableError(f"the connection to Postgres broke: {exc.orig}") from exc
    except UnicodeEncodeError as exc:  # what a shell passes on when the bytes that were typed are not UTF-8
        raise UsageError(f"expected text in UTF-8, found {exc.object!r:.80}") from exc


def _refusal(message: str) -> FirsthandError:
    """What it means that Postgres could not be entered, or was lost; it tells by words alone."""
    if any(words in message for words in _REFUSED_CREDENTIALS) or ("role" in message and "does not exist" in message):
        return AccessDeniedError(
            f"Postgres refused the credentials in FIRSTHAND_DATABASE_URL: {message}. "
            "Check its user and password; `firsthand up` rewrites the local one."
        )
    if "database" in message and "does not exist" in message:
        return SettingsError(f"FIRSTHAND_DATABASE_URL names a database that does not exist: {message}")
    return DatabaseUnavailableError(
        f"Postgres does not answer: {message}. Is it running? `firsthand status` shows the local one."
    )


def _said(error: sa.exc.DBAPIError) -> str:
    """The line that tells: others give details, hints, or the attempts at other addresses of the same host."""
    lines = [line.strip() for line in str(error.orig).splitlines() if line.strip()] or [type(error.orig).__name__]
    return next((line for word in ("FATAL", "failed: ") for line in lines if word in line), lines[0])
