"""firsthand migrate: bring the database to the newest schema."""

import typer

from flows.cli.output import Json, emit
from pipeline.lookup.schema import bring_to_newest
from pipeline.settings import load_settings

app = typer.Typer()


@app.command(epilog="Example: firsthand migrate")
def migrate(as_json: Json = False) -> None:
    """Bring the database named by FIRSTHAND_DATABASE_URL to the newest schema. Safe to repeat."""
    done = bring_to_newest(load_settings().database_url.get_secret_value())
    emit("schemas", [done], as_json=as_json, empty="")
