"""firsthand migrate: bring the database to the newest schema."""

import typer

from flows.cli.output import out
from pipeline.lookup.schema import upgrade
from pipeline.settings import load_settings

app = typer.Typer()


@app.command(epilog="Example: firsthand migrate")
def migrate() -> None:
    """Bring the database named by FIRSTHAND_DATABASE_URL to the newest schema. Safe to repeat."""
    upgrade(load_settings().database_url.get_secret_value())
    out().print("The database has the newest schema.")
