"""Bring a database to the newest schema."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from pipeline.errors import AccessDeniedError, DatabaseUnavailableError

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def config(url: str) -> Config:
    """The Alembic configuration for one database."""
    made = Config()
    made.set_main_option("script_location", str(MIGRATIONS))
    # Alembic interpolates %, which a quoted password may hold.
    made.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return made


def upgrade(url: str) -> None:
    """Run the migrations that this database has not had. Safe to repeat, and from several machines at once.

    Raises:
        AccessDeniedError: Postgres refused the credentials.
        DatabaseUnavailableError: Postgres did not answer; migrations that ended stay done, no half of one.
    """
    try:
        command.upgrade(config(url), "head")
    except sa.exc.OperationalError as exc:
        message = str(exc.orig).strip().splitlines()[-1]
        if "authentication failed" in message:
            raise AccessDeniedError(f"Postgres refused the credentials in FIRSTHAND_DATABASE_URL: {message}") from exc
        raise DatabaseUnavailableError(f"Postgres does not answer: {message}") from exc
