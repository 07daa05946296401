"""Bring a database to the newest schema."""

from pathlib import Path

from alembic import command
from alembic.config import Config

from pipeline.records.session import our_errors

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
        SettingsError: there is no such database.
        DatabaseUnavailableError: Postgres did not answer; migrations that ended stay done, no half of one.
    """
    with our_errors():
        command.upgrade(config(url), "head")
