"""The schema is made from nothing, once, by whoever comes first; and it is the one that the models describe."""

import subprocess
import sys
import time
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from pipeline.records.migrate import MIGRATIONS, config, upgrade
from pipeline.records.tables import Row
from tests.databases import Databases

HEAD = max(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
ADVISORY_LOCK = 0x46495253
"""As `migrations/env.py` has it, which only Alembic can import."""

COLUMNS = """
    SELECT table_name, column_name, data_type, udt_name, is_nullable, column_default
    FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version' ORDER BY 1, 2
"""
CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conname !~ '^alembic' ORDER BY 1, 2
"""
INDEXES = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version' ORDER BY 1"
TRIGGERS = "SELECT tgrelid::regclass::text, tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2"


def schema(url: str, *queries: str) -> list[list[Any]]:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        return [connection.execute(query).fetchall() for query in queries]


def test_there_is_one_head_and_it_is_the_last_number() -> None:
    scripts = ScriptDirectory.from_config(config("postgresql+psycopg://"))
    numbers = sorted(script.revision for script in scripts.walk_revisions())
    assert scripts.get_heads() == [HEAD] == numbers[-1:]
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]


def test_from_empty_every_table_of_the_models_is_made(databases: Databases) -> None:
    url = databases.make_bare()
    upgrade(url)
    (tables,) = schema(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    assert {name for (name,) in tables} == {*Row.metadata.tables, "alembic_version"}
    assert schema(url, "SELECT version_num FROM alembic_version") == [[(HEAD,)]]


def test_upgrading_again_changes_nothing(databases: Databases) -> None:
    url = databases.make_bare()
    upgrade(url)
    everything = (COLUMNS, CONSTRAINTS, INDEXES, TRIGGERS, "SELECT version_num, xmin::text FROM alembic_version")
    before = schema(url, *everything)
    upgrade(url)
    assert schema(url, *everything) == before


def test_two_machines_that_start_together_migrate_one_after_the_other(databases: Databases) -> None:
    url = databases.make_bare()
    argv = [sys.executable, "-c", "import sys; from pipeline.records.migrate import upgrade; upgrade(sys.argv[1])", url]
    with databases.superuser(url) as holder:
        holder.execute("SELECT pg_advisory_lock(%s)", (ADVISORY_LOCK,))
        machines = [subprocess.Popen(argv, stderr=subprocess.PIPE) for _ in range(2)]
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        until = time.monotonic() + 60
        while holder.execute(waiting).fetchone() != (2,):
            assert time.monotonic() < until, "they never came to the lock"
            time.sleep(0.05)
        assert schema(url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [[(0,)]]
        holder.execute("SELECT pg_advisory_unlock(%s)", (ADVISORY_LOCK,))
        ends = [machine.communicate(timeout=60)[1] for machine in machines]
    assert [(machine.returncode, said) for machine, said in zip(machines, ends, strict=True)] == [(0, b""), (0, b"")]
    assert schema(url, "SELECT version_num FROM alembic_version") == [[(HEAD,)]]


def test_a_migration_that_fails_leaves_nothing_of_itself(databases: Databases) -> None:
    url = databases.make_bare()
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute("CREATE TABLE uploads (in_the_way int)")
    with pytest.raises(sa.exc.ProgrammingError, match='"uploads" already exists'):
        upgrade(url)
    (tables,) = schema(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    assert {name for (name,) in tables} <= {"uploads", "alembic_version"}
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute("DROP TABLE uploads")
    upgrade(url)
    assert schema(url, "SELECT version_num FROM alembic_version") == [[(HEAD,)]]


def test_models_and_migrations_describe_the_same_schema(databases: Databases) -> None:
    migrated, modelled = databases.make_bare(), databases.make_bare()
    upgrade(migrated)
    engine = sa.create_engine(modelled)
    Row.metadata.create_all(engine)
    engine.dispose()
    for query in (COLUMNS, CONSTRAINTS, INDEXES):
        (of_migrations,), (of_models,) = schema(migrated, query), schema(modelled, query)
        assert of_migrations == of_models
        assert len(of_models) > 10


def test_alembic_would_generate_nothing(databases: Databases) -> None:
    url = databases.make_bare()
    upgrade(url)
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Row.metadata) == []
    engine.dispose()


def test_there_is_no_way_back_but_a_backup() -> None:
    scripts = ScriptDirectory.from_config(config("postgresql+psycopg://"))
    for script in scripts.walk_revisions():
        with pytest.raises(NotImplementedError, match="only go forward"):
            script.module.downgrade()
