"""Which release is meant, in which bucket of which store, and who is asking?"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from pipeline.adapters.object_store import ObjectStore
from pipeline.domain.keys import ReleaseName, release_name
from pipeline.errors import SettingsError, UsageError

PREFIX: Final = "FIRSTHAND_PARTNER_S3"
"""What the names of a partner's settings begin with."""

_BUCKET = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
_SOURCE = re.compile(rf"s3://(?P<bucket>{_BUCKET})/(?P<name>[^/]+)/?")


@dataclass(frozen=True, slots=True)
class ReleaseSource:
    """A dataset in a bucket: `s3://BUCKET/NAME`."""

    bucket: str
    name: ReleaseName

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.name}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `s3://BUCKET/NAME`.

        Raises:
            UsageError: it is not that.
        """
        found = _SOURCE.fullmatch(text)
        if not found:
            raise UsageError(f"expected s3://BUCKET/NAME, such as s3://releases/firsthand, found {text[:200]!r}")
        return cls(found["bucket"], release_name(found["name"]))


@dataclass(frozen=True, slots=True)
class StoreCredentials:
    """How a partner reaches the store; needs to read the releases bucket, and should be able to do nothing else."""

    region: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    endpoint_url: str | None = None
    """`None` means AWS."""
    session_token: str | None = field(default=None, repr=False)
    """The third part of short-lived credentials."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read `FIRSTHAND_PARTNER_S3_REGION` and its siblings.

        Raises:
            SettingsError: some are missing; the message names all of them.
        """
        needed = [f"{PREFIX}_{name}" for name in ("REGION", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY")]
        missing = [name for name in needed if not environment.get(name)]
        if missing:
            raise SettingsError(f"missing in the environment: {', '.join(missing)}; whoever gave you access has them")
        region, access_key_id, secret_access_key = (environment[name] for name in needed)
        return cls(
            region,
            access_key_id,
            secret_access_key,
            environment.get(f"{PREFIX}_ENDPOINT_URL") or None,
            environment.get(f"{PREFIX}_SESSION_TOKEN") or None,
        )

    def open_store(self, *, connections: int) -> ObjectStore:
        """Prepare to speak to the store; nothing is asked of it yet.

        Raises:
            SettingsError: the endpoint is not a URL.
        """
        return ObjectStore(
            endpoint_url=self.endpoint_url,
            region=self.region,
            access_key_id=self.access_key_id,
            secret_access_key=self.secret_access_key,
            session_token=self.session_token,
            connections=connections,
            settings=PREFIX,
        )
