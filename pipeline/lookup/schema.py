"""Which schema does the database have, and how does it come to the newest?"""

from dataclasses import dataclass

from pipeline.records.migrate import revision, upgrade


@dataclass(frozen=True, slots=True)
class SchemaLine:
    """The schema of a database, before and after it was brought to the newest."""

    before: str | None
    """`None`: it had none."""
    now: str


def bring_to_newest(url: str) -> SchemaLine:
    """Run the migrations that this database has not had. Safe to repeat, and from several machines at once.

    Raises:
        AccessDeniedError: Postgres refused the credentials.
        SettingsError: there is no such database.
        DatabaseUnavailableError: Postgres did not answer; migrations that ended stay done, no half of one.
    """
    before = revision(url)
    upgrade(url)
    return SchemaLine(before, revision(url) or "")
