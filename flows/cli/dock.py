"""firsthand dock serve | connection-file | key | recordings: cameras that upload by themselves."""

import os
import socket
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from flows.cli.output import Json, emit, err
from pipeline.dock import Reception, Tokens, build
from pipeline.dock.connecting import connection_file
from pipeline.dock.documents import read_categories
from pipeline.dock.premises import Certificate, Premises, public_key_id
from pipeline.dock.serving import serve as serve_dock
from pipeline.domain.keys import DOCK_PREFIX
from pipeline.errors import SettingsError, UsageError
from pipeline.lookup.docked import list_docked
from pipeline.settings import home
from pipeline.workbench import Workbench, open_workbench

app = typer.Typer()
dock_app = typer.Typer(help="Take in what body-worn cameras upload by themselves.")
app.add_typer(dock_app, name="dock")

PORT = 8443


@dataclass(frozen=True, slots=True)
class DockAddress:
    """Where stations ask for a token, and as whom."""

    url: str
    user: str


@dataclass(frozen=True, slots=True)
class ContentKey:
    """The key pair of encrypted footage."""

    public_key_id: str
    public_key: Path
    private_key: Path


@dataclass(frozen=True, slots=True)
class ConnectionFile:
    """A connection file: where it was written, or what it says."""

    path: Path | None
    connection: str | None


ANYWHERE = "0.0.0.0"  # noqa: S104  # docking stations are other machines; without TLS it is refused
LOOPBACK = "127.0.0.1"
UNFINISHED = timedelta(days=1)
"""What has been arriving for longer never will: its sender, or a dock, was killed and has begun anew or given up."""


@dock_app.callback(invoke_without_command=True, epilog="Example: firsthand dock")
def serve_unless_told(context: typer.Context, as_json: Json = False) -> None:
    """Take in what body-worn cameras upload by themselves: alone, it serves."""
    if context.invoked_subcommand is None:
        serve(as_json=as_json)


@dock_app.command("serve", epilog="Example: firsthand dock serve --port 8443")
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on. Default: all, or this machine.")] = None,
    port: Annotated[int, typer.Option(help="Port to listen on.")] = PORT,
    no_tls: Annotated[bool, typer.Option("--no-tls", help="In the clear; only on a loopback address.")] = False,
    as_json: Json = False,
) -> None:
    """Serve docking stations until interrupted. Killed at any moment, it loses nothing: stations send again."""
    bench = open_workbench()
    listen = host or (LOOPBACK if no_tls else ANYWHERE)
    certificate = None if no_tls else _certificate(bench)
    bench.store.check(bench.settings.s3_intake_bucket, versioned=True)
    unfinished_before = bench.clock() - UNFINISHED
    bench.store.give_back_unfinished(bench.settings.s3_intake_bucket, DOCK_PREFIX, before=unfinished_before)
    reception = Reception(bench.settings.s3_intake_bucket, bench.store, bench.db, bench.clock)
    tokens = Tokens(bench.settings.dock_user, _key(bench), bench.clock)
    categories = read_categories(bench.settings.dock_categories)
    dock = build(reception, tokens, categories=categories, url=bench.settings.dock_url)
    address = f"http{'' if no_tls else 's'}://{listen}:{port}/auth/v1.0"
    emit("docks", [DockAddress(address, bench.settings.dock_user)], as_json=as_json, empty="")
    sys.stdout.flush()
    serve_dock(dock, host=listen, port=port, certificate=certificate)


@dock_app.command("connection-file", epilog="Example: firsthand dock connection-file --output connection.json")
def write_connection_file(
    output: Annotated[Path | None, typer.Option(help="Where to write it. Default: standard output.")] = None,
    url: Annotated[str | None, typer.Option(help="Where stations reach the dock. Default: FIRSTHAND_DOCK_URL.")] = None,
    site: Annotated[str, typer.Option(help="What the camera manager calls this place.")] = "Firsthand",
    no_tls: Annotated[bool, typer.Option("--no-tls", help="For a dock that is served in the clear.")] = False,
    as_json: Json = False,
) -> None:
    """Write the JSON to load into the camera manager: address, key, certificate, and public key. It is a secret."""
    bench = open_workbench()
    scheme = "http" if no_tls else "https"
    made = connection_file(
        urls=[url or bench.settings.dock_url or f"{scheme}://{socket.getfqdn()}:{PORT}"],
        site=site,
        user=bench.settings.dock_user,
        key=_key(bench),
        certificate=None if no_tls else _certificate(bench, url).certificate,
        public_key=_public_key(),
    )
    if output is not None:
        _write_secret(output, made + "\n")
    elif not as_json:
        sys.stdout.write(made + "\n")
        return
    written = ConnectionFile(output, None if output else made)
    emit("connections", [written], as_json=as_json, empty="", columns=["path"])


@dock_app.command("key", epilog="Example: firsthand dock key")
def make_key(as_json: Json = False) -> None:
    """Make the key pair for end-to-end encryption, once: cameras encrypt, and only this private key opens."""
    bench = open_workbench()
    passphrase = bench.settings.dock_private_key_passphrase
    premises = _premises()
    public = premises.make_content_key(passphrase=passphrase.get_secret_value() if passphrase else None)
    emit(
        "keys",
        [ContentKey(public_key_id(public.read_bytes()), public, premises.private_key)],
        as_json=as_json,
        empty="",
    )
    err().print("Keep a copy of the private key where nobody finds it: without it, encrypted footage is lost.")


@dock_app.command("recordings", epilog="Example: firsthand dock recordings --json")
def recordings(as_json: Json = False) -> None:
    """List what docking stations sent: what is still arriving, what is complete, what they gave up on."""
    emit("docked", list_docked(open_workbench().db), as_json=as_json, empty="Nothing was sent by a docking station.")


def _write_secret(path: Path, text: str) -> None:
    """Write a file that its owner alone can read, in place of one that may be there."""
    try:
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(text)
    except OSError as exc:
        raise UsageError(f"{path} cannot be written: {exc.strerror}") from exc


def _premises() -> Premises:
    return Premises(home() / "dock")


def _key(bench: Workbench) -> str:
    said = bench.settings.dock_key
    return said.get_secret_value() if said else _premises().station_key()


def _public_key() -> Path | None:
    path = _premises().public_key
    return path if path.exists() else None


def _certificate(bench: Workbench, url: str | None = None) -> Certificate:
    """The certificate that was given, or one of our own."""
    given, key = bench.settings.dock_certificate, bench.settings.dock_certificate_key
    if given is not None:
        return Certificate(given, key or given)
    if key is not None:
        raise SettingsError("FIRSTHAND_DOCK_CERTIFICATE_KEY: expected FIRSTHAND_DOCK_CERTIFICATE with it, found none")
    names = dict.fromkeys(
        [socket.getfqdn(), socket.gethostname(), "localhost", "127.0.0.1", *_hosts(url, bench.settings.dock_url)]
    )
    return _premises().certificate(list(names), now=bench.clock())


def _hosts(*urls: str | None) -> list[str]:
    found = [urlsplit(url or "").hostname for url in urls]
    return [host for host in found if host]
