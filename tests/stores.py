"""Opens the object store of a running stack, as its owner or as the partner."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.adapters.object_store import ObjectStore
from pipeline.partner import StoreCredentials

PART_BYTES = 5 << 20
"""The smallest part that S3 takes: a file of three parts is then 11 MB."""


def read_env(path: Path) -> Mapping[str, str]:
    lines = (line.partition("=") for line in path.read_text().splitlines() if line and not line.startswith("#"))
    return {name: value.strip("\"'") for name, _, value in lines}


def open_store(home: Path, **instead: Any) -> ObjectStore:
    env = read_env(home / "firsthand.env")
    names = ("endpoint_url", "region", "access_key_id", "secret_access_key")
    settings: dict[str, Any] = {name: env[f"FIRSTHAND_S3_{name.upper()}"] for name in names}
    return ObjectStore(**{**settings, "part_bytes": PART_BYTES, **instead})


def partner_credentials(home: Path, **instead: str) -> StoreCredentials:
    env = read_env(home / "partner.env")
    return StoreCredentials.from_environment(
        {**env} | {f"FIRSTHAND_PARTNER_S3_{name.upper()}": value for name, value in instead.items()}
    )
