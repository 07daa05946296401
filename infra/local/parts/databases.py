"""How are the databases of the stack reached and renewed by the stack itself?"""

import psycopg
from psycopg import sql

from infra.local.ports import LOOPBACK
from infra.local.site import Site

SUPERUSER = "postgres"
CONNECT_TIMEOUT_S = 3
Connection = psycopg.Connection[tuple[object, ...]]


def connect(site: Site) -> Connection:
    """Connect as the superuser, every statement committed at once."""
    return psycopg.connect(
        host=LOOPBACK,
        port=site.state.port("postgres"),
        user=SUPERUSER,
        password=site.secrets.of("postgres_superuser"),
        dbname="postgres",
        connect_timeout=CONNECT_TIMEOUT_S,
        autocommit=True,
    )


def ensure_database(connection: Connection, name: str, password: str) -> bool:
    """Make a role and a database of the same name, that no other role may enter. Safe to repeat.

    Returns:
        Whether the database is new.
    """
    if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)).fetchone() is None:
        statement = sql.SQL("CREATE ROLE {role} LOGIN PASSWORD {password}")
        connection.execute(statement.format(role=sql.Identifier(name), password=sql.Literal(password)))
    is_new = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is None
    if is_new:
        connection.execute(sql.SQL("CREATE DATABASE {name} OWNER {name}").format(name=sql.Identifier(name)))
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {name} FROM PUBLIC").format(name=sql.Identifier(name)))
    return is_new


def is_empty(site: Site, name: str) -> bool:
    """Whether a database has no table."""
    with psycopg.connect(
        host=LOOPBACK,
        port=site.state.port("postgres"),
        user=name,
        password=site.secrets.of(f"postgres_{name}"),
        dbname=name,
        connect_timeout=CONNECT_TIMEOUT_S,
    ) as connection:
        found = connection.execute("SELECT 1 FROM pg_tables WHERE schemaname = 'public' LIMIT 1").fetchone()
    return found is None


def renew_database(site: Site, name: str) -> None:
    """Drop a database and make it empty again."""
    with connect(site) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {name} WITH (FORCE)").format(name=sql.Identifier(name)))
        ensure_database(connection, name, site.secrets.of(f"postgres_{name}"))
