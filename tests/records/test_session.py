"""Postgres as everybody reaches it: transactions, locks that die with their holder, errors that say what to do."""

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg
import pytest
import sqlalchemy as sa

from pipeline.errors import AccessDeniedError, DatabaseUnavailableError, FirsthandError, SettingsError
from pipeline.records import Database, custody, footage, sightings
from pipeline.records.migrate import upgrade
from tests.builders import an_event, an_upload
from tests.databases import Databases

HOLD = """
import sys, time
from pipeline.records import Database
with Database(sys.argv[1]).exclusive(sys.argv[2]):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture(scope="module")
def url(databases: Databases) -> str:
    return databases.make()


@pytest.fixture(scope="module")
def db(databases: Databases, url: str) -> Database:
    return databases.open(url)


@contextmanager
def another_process_holds(url: str, name: str) -> Iterator["subprocess.Popen[str]"]:
    holder = subprocess.Popen([sys.executable, "-c", HOLD, url, name], stdout=subprocess.PIPE, text=True)
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield holder
        holder.kill()


def seconds_to_lock(db: Database, name: str) -> float:
    began = time.monotonic()
    with db.exclusive(name):
        return time.monotonic() - began


# Transactions


def test_what_raises_leaves_neither_row_nor_event(db: Database) -> None:
    upload = an_upload("undone")

    def record_and_fail() -> None:
        with db.begin() as session:
            assert footage.add_upload(session, upload)
            custody.append(session, an_event(subject_id=str(upload.upload_id)))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        record_and_fail()
    with db.begin() as session:
        assert sightings.received_etags(session, upload.at.bucket, [upload.at.key]) == {}
        assert custody.events_of(session, str(upload.upload_id)) == []


def test_a_connection_that_breaks_in_the_middle_records_nothing_and_is_replaced(
    db: Database, databases: Databases, url: str
) -> None:
    upload = an_upload("cut off")

    def record_without_postgres() -> None:
        with db.begin() as session:
            footage.add_upload(session, upload)
            pid = session.scalar(sa.text("SELECT pg_backend_pid()"))
            with databases.superuser(url) as superuser:
                superuser.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))

    with pytest.raises(DatabaseUnavailableError, match="Postgres does not answer"):
        record_without_postgres()
    with db.begin() as session:
        assert footage.uploads_waiting(session) == []


def test_no_query_waits_for_ever_and_times_are_in_utc(db: Database) -> None:
    with db.begin() as session:
        assert session.scalar(sa.text("SHOW statement_timeout")) == "1min"
        assert session.scalar(sa.text("SHOW timezone")) == "UTC"


# Locks


def test_of_two_threads_one_waits_for_the_other(db: Database) -> None:
    order = []
    inside = threading.Event()

    def second() -> None:
        inside.wait()
        with db.exclusive("upload:1"):
            order.append("second")

    thread = threading.Thread(target=second)
    thread.start()
    with db.exclusive("upload:1"):
        inside.set()
        time.sleep(0.7)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_locks_of_different_names_do_not_meet(db: Database) -> None:
    with db.exclusive("upload:1"), db.exclusive("upload:2"), db.exclusive("submit:1"):
        assert seconds_to_lock(db, "original:1") < 0.4


def test_a_lock_is_free_when_its_block_ends_however_it_ends(db: Database) -> None:
    def hold_and_fail() -> None:
        with db.exclusive("upload:1"):
            raise KeyError

    for _ in range(5):
        with pytest.raises(KeyError):
            hold_and_fail()
    assert seconds_to_lock(db, "upload:1") < 0.4


def test_who_holds_a_lock_keeps_no_transaction_open(db: Database) -> None:
    with db.exclusive("upload:1"), db.begin() as session:
        idle = session.scalar(
            sa.text(
                "SELECT count(*) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"
            )
        )
        assert idle == 0


def test_a_killed_holder_frees_the_lock(db: Database, url: str) -> None:
    with another_process_holds(url, "upload:1") as holder:
        waiter = threading.Thread(target=seconds_to_lock, args=(db, "upload:1"))
        waiter.start()
        waiter.join(timeout=1.2)
        assert waiter.is_alive(), "two held the lock at once"
        holder.send_signal(signal.SIGKILL)
        waiter.join(timeout=10)
        assert not waiter.is_alive(), "the lock outlived its holder"


def test_whether_a_lock_is_held_can_be_asked_without_taking_it(db: Database) -> None:
    # Names whose keys have either sign in either half: Postgres shows them as two unsigned numbers.
    for name in (f"flow-run:{number}" for number in range(12)):
        assert not db.is_held(name)
        with db.exclusive(name):
            assert db.is_held(name)
            assert not db.is_held(f"{name} of another")
        # The server notices a moment later that the connection is gone.
        assert any(not db.is_held(name) or time.sleep(0.02) for _ in range(100))


# Errors


@contextmanager
def opened(url: str) -> Iterator[Database]:
    database = Database(url)
    try:
        yield database
    finally:
        database.close()


def changed(url: str, **parts: str) -> str:
    whole = urlsplit(url)
    user, password = parts.get("user", whole.username), parts.get("password", whole.password)
    secret = f":{password}" if password else ""
    return (
        f"{whole.scheme}://{user}{secret}@{whole.hostname}:{parts.get('port', whole.port)}"
        f"/{parts.get('database', whole.path[1:])}"
    )


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"password": "wrong"}, "password authentication failed"),
        ({"password": ""}, "no password supplied"),
        ({"user": "nobody"}, "password authentication failed"),
        ({"database": "prefect"}, "permission denied"),
    ],
)
def test_refused_credentials_name_the_setting(url: str, parts: dict[str, str], said: str) -> None:
    with (
        opened(changed(url, **parts)) as database,
        pytest.raises(AccessDeniedError, match=f"FIRSTHAND_DATABASE_URL.*{said}") as refused,
        database.begin() as session,
    ):
        footage.uploads_waiting(session)
    assert "wrong" not in str(refused.value)


def test_a_database_that_is_not_there_is_a_wrong_setting(url: str) -> None:
    with (
        opened(changed(url, database="elsewhere")) as database,
        pytest.raises(SettingsError, match="FIRSTHAND_DATABASE_URL names a database that does not exist"),
        database.begin() as session,
    ):
        footage.uploads_waiting(session)


def test_a_server_that_is_down_is_unavailable(url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with opened(changed(url, port=str(port))) as database:
        with (
            pytest.raises(
                DatabaseUnavailableError, match=r"Postgres does not answer: .*Connection refused.*Is it running"
            ),
            database.begin() as session,
        ):
            footage.uploads_waiting(session)
        with pytest.raises(DatabaseUnavailableError, match="Is it running"), database.exclusive("upload:1"):
            pass


def test_a_database_without_tables_is_to_be_migrated(databases: Databases) -> None:
    bare = databases.open(databases.make_bare())
    with pytest.raises(SettingsError, match="firsthand migrate"), bare.begin() as session:
        footage.uploads_waiting(session)


def test_a_role_without_rights_is_told_so(databases: Databases, url: str) -> None:
    with databases.superuser(url) as superuser:
        superuser.execute("CREATE ROLE onlooker LOGIN PASSWORD 'onlooker'")
        superuser.execute("GRANT CONNECT ON DATABASE " + url.rpartition("/")[2] + " TO onlooker")
    with (
        opened(changed(url, user="onlooker", password="onlooker")) as database,
        pytest.raises(AccessDeniedError, match="does not let the role of FIRSTHAND_DATABASE_URL do this"),
        database.begin() as session,
    ):
        footage.uploads_waiting(session)


def test_a_value_that_postgres_cannot_store_is_a_fault_of_ours_without_the_value(db: Database) -> None:
    with pytest.raises(FirsthandError, match="a fault of ours") as fault, db.begin() as session:
        footage.add_upload(session, an_upload("huge", size_bytes=2**70))
    assert type(fault.value) is FirsthandError


def test_a_fault_of_ours_is_not_dressed_as_the_worlds(db: Database) -> None:
    with pytest.raises(sa.exc.ProgrammingError) as fault, db.begin() as session:
        session.execute(sa.text("SELECT nonsense FROM uploads"))
    assert isinstance(fault.value.orig, psycopg.errors.UndefinedColumn)


@pytest.mark.parametrize(
    ("parts", "error"),
    [
        ({"password": "wrong"}, AccessDeniedError),
        ({"database": "elsewhere"}, SettingsError),
        ({"port": "1"}, DatabaseUnavailableError),
    ],
)
def test_migrating_tells_the_same_faults_in_the_same_way(
    url: str, parts: dict[str, str], error: type[Exception]
) -> None:
    with pytest.raises(error, match=r"Postgres|FIRSTHAND_DATABASE_URL"):
        upgrade(changed(url, **parts))
