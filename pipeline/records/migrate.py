"""Which schema does a database have, and how does it come to the newest?"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import NullPool, create_engine

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


def revision(url: str) -> str | None:
    """The newest migration that this database has had; `None` when it had none.

    Raises:
        AccessDeniedError, SettingsError, DatabaseUnavailableError: as `upgrade`.
    """
    with our_errors(), create_engine(url, poolclass=NullPool).connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()
