"""How does an object store with an S3 door run here?

OpenStack Swift, started small: an account, a container, an object and a proxy server, one process each, one ring each
with one device in the home. What the project relies on is set here and tested in `tests/infra`:

* one process per server, so that a listing always shows what was put before it (the container server handles one
  request at a time, and an object server waits for it);
* versions, multipart uploads of up to ten thousand parts, CORS for the Label Studio origin;
* three accounts: the owner, and two that read what they were granted and nothing else: a partner, and Label Studio.

It is not what Swift is in production: one copy of each object, no replication. Production is any S3.
"""

import os
import pwd
from pathlib import Path
from typing import ClassVar

import httpx

from infra.local.files import private_folder, write_private
from infra.local.parts import swift_settings
from infra.local.parts.part import NotAnsweringError, Part, Say, command
from infra.local.parts.s3_buckets import ensure_buckets, list_buckets
from infra.local.process import Command, run_once
from infra.local.site import LABELLING, OWNER, PARTNER, Site
from infra.local.tools import ensure_tool
from pipeline.errors import StackError

SERVERS = ("account", "container", "object", "proxy")
CHECK_TIMEOUT_S = 5.0

# Swift's own ring builder, in one process instead of nine. A ring says which server keeps a name; with one device it
# is always the same one, so that rings can be made anew when a port moved, without moving any data.
BUILD_RINGS = """
import sys
from swift.common.ring import RingBuilder
folder = sys.argv[1]
for pair in sys.argv[2:]:
    name, port = pair.split("=")
    builder = RingBuilder(part_power=8, replicas=1, min_part_hours=0)
    address = dict(ip="127.0.0.1", port=int(port), replication_ip="127.0.0.1", replication_port=int(port))
    builder.add_dev(dict(region=1, zone=1, device="disk", weight=1.0, meta="", **address))
    builder.rebalance(seed=1)
    builder.get_ring().save(f"{folder}/{name}.ring.gz")
"""


class ObjectStore(Part):
    """The object store, with its buckets."""

    name: ClassVar[str] = "s3"
    ports: ClassVar[tuple[str, ...]] = ("s3-proxy", "s3-account", "s3-container", "s3-object")

    def install(self, site: Site, say: Say) -> None:
        """Install Swift in an environment of its own."""
        ensure_tool("swift", tools=site.tools, locks=site.locks, say=say)

    def prepare(self, site: Site, say: Say) -> None:
        """Write the settings and the rings for the ports of now."""
        folder = _folder(site)
        _require_attributes(private_folder(folder / "disks" / "disk"))
        for name, text in _settings(site).items():
            write_private(folder / name, text)
        rings = [f"{server}={site.state.port(f's3-{server}')}" for server in SERVERS if server != "proxy"]
        mark = " ".join(rings)
        made = all((folder / f"{server}.ring.gz").exists() for server in SERVERS if server != "proxy")
        if site.state.marks.get("s3-rings") != mark or not made:
            say("building the rings")
            argv = [str(_program(site, "python")), "-c", BUILD_RINGS, str(folder), *rings]
            log = site.log(self.name)
            run_once(
                "the ring builder", argv, env=site.environment(), cwd=folder, stack_id=site.state.stack_id, log=log
            )
            site.state.mark("s3-rings", mark)

    def commands(self, site: Site) -> tuple[Command, ...]:
        """Four servers."""
        settings = _settings(site)
        ports = " ".join(str(site.state.port(port)) for port in self.ports)
        return tuple(
            command(
                f"s3-{server}",
                argv=[_program(site, f"swift-{server}-server"), _folder(site) / f"{server}-server.conf", "--verbose"],
                env=site.environment(),
                cwd=site.home,
                settings=(settings["swift.conf"], settings[f"{server}-server.conf"], ports),
            )
            for server in SERVERS
        )

    def check(self, site: Site) -> None:
        """Ask each server for its health, then list the buckets with the owner's key."""
        for server in SERVERS:
            try:
                httpx.get(f"{site.url(f's3-{server}')}/healthcheck", timeout=CHECK_TIMEOUT_S).raise_for_status()
            except httpx.HTTPError as exc:
                raise NotAnsweringError(f"{server} server: {exc}") from exc
        list_buckets(site)

    def furnish(self, site: Site, say: Say) -> None:
        """Make the buckets, and catch up on listings that a killed container server missed."""
        ensure_buckets(site, say)
        if any((_folder(site) / "disks" / "disk").glob("async_pending*/*/*")):
            say("catching up on listings")
            argv = [str(_program(site, "swift-object-updater")), str(_folder(site) / "object-server.conf"), "--once"]
            log = site.log(self.name)
            run_once(
                "the object updater", argv, env=site.environment(), cwd=site.home, stack_id=site.state.stack_id, log=log
            )


def _folder(site: Site) -> Path:
    return site.home / "swift"


def _program(site: Site, name: str) -> Path:
    return site.tool("swift") / "bin" / name


def _settings(site: Site) -> dict[str, str]:
    label_studio_port = site.state.port("label-studio")
    return swift_settings.render(
        folder=_folder(site),
        user=_user(),
        ports={server: site.state.port(f"s3-{server}") for server in SERVERS},
        hash_salt=site.secrets.of("swift_hash_salt"),
        owner=(OWNER, site.secrets.of("s3_owner")),
        readers={PARTNER: site.secrets.of("s3_partner"), LABELLING: site.secrets.of("s3_labelling")},
        origins=[f"http://127.0.0.1:{label_studio_port}", f"http://localhost:{label_studio_port}"],
    )


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError as exc:
        raise StackError(f"s3: expected a user of the system with the id {os.getuid()}, found none") from exc


def _require_attributes(folder: Path) -> None:
    """Swift keeps what it knows of an object in extended attributes of its file."""
    probe = folder / ".attributes"
    try:
        probe.touch()
        os.setxattr(probe, b"user.firsthand.probe", b"1")
    except OSError as exc:
        raise StackError(
            f"s3: expected a file system with extended user attributes at {folder}, found none ({exc.strerror}): "
            "choose another FIRSTHAND_HOME"
        ) from exc
    finally:
        probe.unlink(missing_ok=True)
