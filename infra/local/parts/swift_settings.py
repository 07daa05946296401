"""What do the Swift servers read at start? The text of each settings file, from plain values."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from infra.local.site import S3_REGION

PIPELINE = (
    "catch_errors gatekeeper healthcheck etag-quoter listing_formats s3api tempauth copy slo dlo versioned_writes "
    "symlink proxy-server"
)
"""Without `proxy-logging`: it would write signed addresses into the log."""
MAX_PARTS = 10_000
"""As on S3; Swift's own limit is a thousand."""
MAX_MANIFEST_BYTES = 64 * 1024**2
CONTAINER_PATIENCE_S = 30
"""How long an object server waits for a listing to take in a new object. With Swift's own limit of one second a loaded
machine would answer a PUT before the object is listed."""
SERVER_PATIENCE_S = 60


def render(
    *,
    folder: Path,
    user: str,
    ports: Mapping[str, int],
    hash_salt: str,
    owner: tuple[str, str],
    readers: Mapping[str, str],
    origins: Sequence[str],
) -> dict[str, str]:
    """Every settings file by name.

    Args:
        folder: Where the files, the rings and the disk are.
        user: System user that the servers run as: the one who starts them.
        ports: Port of each server.
        hash_salt: Where an object lies depends on it; it never changes for the life of the home.
        owner: Access key and secret key of the account that owns every bucket.
        readers: Access key and secret key of each account that reads what it is granted.
        origins: Web origins whose pages may read objects.
    """
    storage = {
        "account": "",
        "container": "",
        "object": f"container_update_timeout = {CONTAINER_PATIENCE_S}\n\n[object-updater]\nconcurrency = 1\n",
    }
    files = {
        server: _default(folder, user, ports[server])
        + f"mount_check = false\n\n[pipeline:main]\npipeline = healthcheck {server}-server\n\n"
        + "[filter:healthcheck]\nuse = egg:swift#healthcheck\n\n"
        + f"[app:{server}-server]\nuse = egg:swift#{server}\n{extra}"
        for server, extra in storage.items()
    }
    files["proxy"] = _default(folder, user, ports["proxy"]) + _proxy(owner, readers, origins)
    common = (
        f"[swift-hash]\nswift_hash_path_prefix = {hash_salt}\nswift_hash_path_suffix = {hash_salt}\n\n"
        "[storage-policy:0]\nname = one-copy\ndefault = yes\n"
    )
    return {"swift.conf": common, **{f"{server}-server.conf": text for server, text in files.items()}}


def _default(folder: Path, user: str, port: int) -> str:
    lines = [
        "[DEFAULT]",
        "bind_ip = 127.0.0.1",
        f"bind_port = {port}",
        # Zero: the server itself answers, without children.
        "workers = 0",
        f"user = {user}",
        f"swift_dir = {folder}",
        f"devices = {folder / 'disks'}",
        f"recon_cache_path = {folder / 'cache'}",
        "log_level = WARNING",
        # The log goes to our file (--verbose). Swift insists on telling a syslog too: one that is not there.
        "log_udp_host = 127.0.0.1",
        f"log_udp_port = {port}",
    ]
    return "\n".join(lines) + "\n"


def _proxy(owner: tuple[str, str], readers: Mapping[str, str], origins: Sequence[str]) -> str:
    allowed = ",".join(origins)
    sections = {
        "pipeline:main": [f"pipeline = {PIPELINE}"],
        "app:proxy-server": [
            "use = egg:swift#proxy",
            "account_autocreate = true",
            "allow_account_management = false",
            f"cors_allow_origin = {allowed}",
            f"node_timeout = {SERVER_PATIENCE_S}",
            f"recoverable_node_timeout = {SERVER_PATIENCE_S}",
            # One device: an error must not keep the only one out for a minute.
            "error_suppression_limit = 1000000",
        ],
        "filter:s3api": [
            "use = egg:swift#s3api",
            f"location = {S3_REGION}",
            "s3_acl = true",
            # A partner does not even see the names of buckets that are not its own.
            "check_bucket_owner = true",
            f"max_upload_part_num = {MAX_PARTS}",
            f"cors_preflight_allow_origin = {allowed}",
        ],
        "filter:tempauth": [
            "use = egg:swift#tempauth",
            f"user_{_user(owner[0])} = {owner[1]} .admin",
            *(f"user_{_user(reader)} = {key}" for reader, key in readers.items()),
        ],
        "filter:slo": [
            "use = egg:swift#slo",
            f"max_manifest_segments = {MAX_PARTS}",
            f"max_manifest_size = {MAX_MANIFEST_BYTES}",
        ],
        "filter:versioned_writes": ["use = egg:swift#versioned_writes", "allow_object_versioning = true"],
        "filter:catch_errors": ["use = egg:swift#catch_errors"],
        "filter:gatekeeper": ["use = egg:swift#gatekeeper"],
        "filter:healthcheck": ["use = egg:swift#healthcheck"],
        "filter:etag-quoter": ["use = egg:swift#etag_quoter", "enable_by_default = true"],
        "filter:listing_formats": ["use = egg:swift#listing_formats"],
        "filter:copy": ["use = egg:swift#copy"],
        "filter:dlo": ["use = egg:swift#dlo"],
        "filter:symlink": ["use = egg:swift#symlink"],
    }
    return "".join(f"\n[{name}]\n" + "\n".join(lines) + "\n" for name, lines in sections.items())


def _user(access_key: str) -> str:
    """An access key is `account:user`."""
    return access_key.replace(":", "_")
