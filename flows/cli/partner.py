"""firsthand pull | verify: what a partner does; needs credentials that can read releases and nothing else."""

import os
from pathlib import Path
from typing import Annotated

import typer

from flows.cli.output import Json, emit, err, out
from flows.cli.progress import bar_to_total
from pipeline.domain.digest import Sha256
from pipeline.errors import CustodyError, UsageError
from pipeline.partner import StoreCredentials
from pipeline.partner import pull as pull_release
from pipeline.partner import verify as verify_folder

app = typer.Typer()


@app.command(epilog="Example: firsthand pull s3://releases/attack-early --version 1.0.0 ./data")
def pull(  # noqa: PLR0917  # Typer reads these as options
    source: Annotated[str, typer.Argument(metavar="s3://BUCKET/NAME", help="The bucket and the dataset's name.")],
    dest: Annotated[Path, typer.Argument(metavar="DEST", help="A folder; versions in it share their clips.")],
    version: Annotated[str, typer.Option(help="MAJOR.MINOR.PATCH.")],
    manifest: Annotated[str | None, typer.Option(help="The manifest's SHA-256, when you were told it.")] = None,
    jobs: Annotated[int, typer.Option(min=1, max=64, help="Files to fetch at once.")] = 8,
    full: Annotated[bool, typer.Option("--full", help="Read again what is there already.")] = False,
    as_json: Json = False,
) -> None:
    """Pull a release, verified to the last byte. Interrupted? The same command goes on where it was.

    Credentials come from FIRSTHAND_PARTNER_S3_REGION, _ACCESS_KEY_ID, _SECRET_ACCESS_KEY and (not on AWS)
    _ENDPOINT_URL.
    """
    credentials = StoreCredentials.from_environment(os.environ)
    with bar_to_total(f"pulling {source} {version}") as progress:
        pulled = pull_release(
            source,
            version,
            dest,
            credentials=credentials,
            jobs=jobs,
            full=full,
            expect_manifest=_digest(manifest) if manifest else None,
            progress=progress,
        )
    if as_json:
        emit("pulled", [pulled], as_json=True, empty="")
        return
    receipt = pulled.receipt
    out().print(
        f"{receipt.name} {receipt.version}: {receipt.blobs} clips, {receipt.size_bytes} bytes, all verified "
        f"({pulled.fetched_files} files fetched now)"
    )
    out().print(f"manifest sha256 {receipt.manifest_digest}  (compare it with the one that you were told)")


@app.command(epilog="Example: firsthand verify ./data")
def verify(
    dest: Annotated[Path, typer.Argument(metavar="DEST", help="A folder that releases were pulled into.")],
    as_json: Json = False,
) -> None:
    """Read everything that was pulled again and compare it with the manifests. Needs no network."""
    with bar_to_total("verifying") as progress:
        verified = verify_folder(dest, progress=progress)
    if as_json:
        emit("verified", [verified], as_json=True, empty="")
    else:
        for name, version, digest in verified.releases:
            out().print(f"{name} {version}: manifest sha256 {digest}")
        out().print(f"{verified.files} files, {verified.size_bytes} bytes read again, {len(verified.faults)} faults")
    for fault in verified.faults:
        err().print(f"{fault.kind}: {fault.path}: {fault.explanation}", markup=False)
    if verified.faults:
        raise CustodyError(
            f"{len(verified.faults)} of {verified.files} files are not what was released. Pull again: "
            "it fetches what is wrong or missing."
        )


def _digest(text: str) -> Sha256:
    try:
        return Sha256(text.lower())
    except ValueError as exc:
        raise UsageError(f"--manifest: {exc}") from exc
