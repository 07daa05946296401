"""firsthand annotate unplayable | findings | doorbell: what stands between clips and labels."""

import os
from typing import Annotated

import typer

from flows.cli.output import Json, emit, err
from pipeline.errors import SettingsError
from pipeline.lookup.labelling_checks import list_findings, unplayable_clips
from pipeline.workbench import open_workbench

PORT = 8444


def register(annotate_app: typer.Typer) -> None:
    """Add these commands to `firsthand annotate`."""
    annotate_app.command("unplayable", epilog="Example: firsthand annotate unplayable --json")(unplayable)
    annotate_app.command("findings", epilog="Example: firsthand annotate findings --json")(findings)
    annotate_app.command("doorbell", epilog="Example: firsthand annotate doorbell --port 8444")(doorbell)


def unplayable(as_json: Json = False) -> None:
    """List the clips that no annotator is shown, because a browser would not play them as they must, and why."""
    found = unplayable_clips(open_workbench().db)
    emit("unplayable_clips", found, as_json=as_json, empty="Every clip that was checked plays as it must.")


def findings(as_json: Json = False) -> None:
    """List what was found in Label Studio that is not as we left it: tasks deleted, doubled or foreign, other words."""
    bench = open_workbench()
    found = list_findings(bench.db, taxonomy=bench.taxonomy, label_studio_url=bench.settings.label_studio_url)
    emit("labelling_findings", found, as_json=as_json, empty="Label Studio is as we left it.")


def doorbell(
    host: Annotated[str, typer.Option(help="Address to listen on; nothing but a ring is taken here.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = PORT,
    as_json: Json = False,  # noqa: ARG001  # every command has it; this one prints nothing
) -> None:
    """Start collecting when Label Studio rings, until interrupted. FIRSTHAND_DOORBELL_URL says where it is reached."""
    bench = open_workbench()
    if bench.settings.doorbell_url is None:
        raise SettingsError(
            "FIRSTHAND_DOORBELL_URL: expected the address at which Label Studio reaches this door, found none; "
            f"with the settings as they are nobody would ring here (try http://{host}:{port}/)"
        )
    os.environ["PREFECT_API_URL"] = bench.settings.prefect_api_url
    # Importing Prefect takes seconds and reads the environment; commands that do not run flows should not pay for it.
    import uvicorn  # noqa: PLC0415  # likewise

    from flows.doorbell import build  # noqa: PLC0415  # likewise

    err().print(f"listening at http://{host}:{port}/, reached at {bench.settings.doorbell_url}")
    uvicorn.run(build(bench.doorbell_secret), host=host, port=port, access_log=False, log_level="warning")
