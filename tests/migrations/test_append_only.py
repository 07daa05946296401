"""What was recorded stays: no row of any table of facts can be changed or deleted, whoever asks."""

import psycopg
import pytest
from psycopg import sql

from pipeline.records.tables import Row
from tests.migrations.conftest import Filled

TABLES = sorted(name for name, table in Row.metadata.tables.items() if not table.info.get("erasable"))

REWRITES = {
    "update": "UPDATE {table} SET {column} = {column}",
    "delete": "DELETE FROM {table}",
    "truncate": "TRUNCATE {table} CASCADE",
    "upsert": "INSERT INTO {table} TABLE {table} ON CONFLICT ({keys}) DO UPDATE SET {column} = excluded.{column}",
}


def rewrite(kind: str, table: str) -> sql.Composed:
    keys = [column.name for column in Row.metadata.tables[table].primary_key]
    return sql.SQL(REWRITES[kind]).format(
        table=sql.Identifier(table),
        column=sql.Identifier(keys[0]),
        keys=sql.SQL(", ").join(sql.Identifier(key) for key in keys),
    )


@pytest.mark.parametrize("table", Row.metadata.tables)
def test_every_table_of_these_tests_has_a_row_to_rewrite(filled: Filled, table: str) -> None:
    found = filled.owner.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
    assert found is not None
    assert found[0] > 0


@pytest.mark.parametrize("kind", REWRITES)
@pytest.mark.parametrize("table", TABLES)
def test_our_own_role_cannot_rewrite(filled: Filled, table: str, kind: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
        filled.owner.execute(rewrite(kind, table))


@pytest.mark.parametrize("kind", REWRITES)
@pytest.mark.parametrize("table", TABLES)
def test_nobody_can_rewrite_by_posing_as_a_replica(filled: Filled, table: str, kind: str) -> None:
    """An ordinary trigger is skipped under this setting, which restores and replication tools use."""
    with filled.superuser.transaction():
        filled.superuser.execute("SET LOCAL session_replication_role = replica")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"), filled.superuser.transaction():
            filled.superuser.execute(rewrite(kind, table))


def test_what_may_name_people_can_be_erased_and_nothing_else(filled: Filled) -> None:
    assert set(Row.metadata.tables) - set(TABLES) == {"dock_metadata", "upload_names"}
    with filled.owner.transaction(force_rollback=True):
        filled.owner.execute("DELETE FROM upload_names")
        filled.owner.execute("DELETE FROM dock_metadata")


def test_every_trigger_always_fires(filled: Filled) -> None:
    found = filled.owner.execute(
        "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'A'"
    ).fetchall()
    assert sorted(found) == sorted((table, name) for table in TABLES for name in ("no_rewrite", "no_truncate"))
