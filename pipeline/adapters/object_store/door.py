"""How do we speak to the S3 server, and what do its refusals mean to the operator?

Every boto3 call is made inside `Door.asking`, which turns whatever goes wrong into one of our errors. Credentials and
the server are those given, never those that happen to lie in the environment or in a home folder.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    IncompleteReadError,
    SSLError,
    UnseekableStreamError,
)
from botocore.exceptions import (
    ConnectionError as BotoConnectionError,
)

from pipeline.errors import (
    AccessDeniedError,
    FirsthandError,
    MissingObjectError,
    SettingsError,
    StoreFullError,
    StoreUnavailableError,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CONNECT_TIMEOUT_S: Final = 5
READ_TIMEOUT_S: Final = 60
ATTEMPTS: Final = 8
"""With botocore's back-off (random, doubling from 50 ms) a server that is away for two or three seconds is not noticed,
and one that is down is reported after as long."""

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_SERVER_ERROR = 500
_EXISTS = frozenset({"412", "PreconditionFailed", "409", "ConditionalRequestConflict"})

_MISSING = (MissingObjectError, "{where} is not in the store at {server} ({said})")
_BUSY = (StoreUnavailableError, "the object store at {server} cannot do this now, for {where}: {said}")
_EXPIRED = (AccessDeniedError, "{server} says the credentials have expired: get new ones ({said})")
_FULL = (StoreFullError, "the object store at {server} has no space left for {where}: {said}")
_DENIED = (
    AccessDeniedError,
    "{server} refused {where} ({said}): check {settings}_ACCESS_KEY_ID and _SECRET_ACCESS_KEY, and what they may do",
)
_UNKNOWN = (SettingsError, "{server} does not do what was asked for {where}: {said}")

_REFUSALS: Final[Mapping[str, tuple[type[FirsthandError], str]]] = {
    "NoSuchBucket": (
        SettingsError,
        "bucket {bucket} does not exist at {server}: make it (`firsthand up` does, locally) or name the right one",
    ),
    "InvalidAccessKeyId": (
        AccessDeniedError,
        "{server} does not know this access key id: check {settings}_ACCESS_KEY_ID",
    ),
    "SignatureDoesNotMatch": (
        AccessDeniedError,
        "{server} refused the signature: check {settings}_ACCESS_KEY_ID, _SECRET_ACCESS_KEY and _REGION",
    ),
    "RequestTimeTooSkewed": (
        AccessDeniedError,
        "{server} and this machine do not agree what time it is: set the clock",
    ),
    **dict.fromkeys(("404", "NoSuchKey", "NoSuchVersion", "NoSuchUpload"), _MISSING),
    **dict.fromkeys(("507", "InsufficientStorage", "QuotaExceeded", "XMinioStorageFull"), _FULL),
    **dict.fromkeys(("ExpiredToken", "InvalidToken", "TokenRefreshRequired"), _EXPIRED),
    **dict.fromkeys(("401", "403", "AccessDenied", "AllAccessDisabled", "AccountProblem"), _DENIED),
    **dict.fromkeys(("SlowDown", "Throttling", "RequestTimeout", "429"), _BUSY),
    **dict.fromkeys(("OperationAborted", "InvalidPart", "BadDigest"), _BUSY),
    **dict.fromkeys(_EXISTS, _BUSY),
}
"""What an S3 error code (or, for a HEAD, the bare status) means to us. Anything else below 500 is a wrong setting."""


def exists_already(exc: ClientError) -> bool:
    """Whether a conditional write was refused because there is something under its key, or will be in a moment."""
    return _code(exc) in _EXISTS


@dataclass(frozen=True, slots=True)
class Door:
    """A boto3 client, and what to call the server and its settings in a message."""

    client: "S3Client"
    server: str
    settings: str
    """What the names of the settings begin with, such as `FIRSTHAND_S3`."""
    guards_bytes: bool
    """Whether nothing on the way to the server changes bytes unseen: TLS authenticates them, or they stay within this
    machine."""

    @contextmanager
    def asking(self, bucket: str, key: str | None = None) -> Iterator[None]:
        """Ask the server something about a bucket or an object.

        Raises:
            MissingObjectError: there is no such object, version or multipart upload.
            AccessDeniedError: the credentials are wrong, or may not do this.
            SettingsError: there is no such bucket, or the server does not speak S3 as we do.
            StoreUnavailableError: no answer, or one that says: not now.
        """
        where = f"{bucket}/{key}" if key else bucket
        try:
            yield
        except ClientError as exc:
            raise self._refusal(exc, bucket, key) from exc
        except SSLError as exc:
            raise SettingsError(f"{self.server} has no certificate that this machine trusts: {exc}") from exc
        except (BotoConnectionError, HTTPClientError, IncompleteReadError, UnseekableStreamError) as exc:
            raise StoreUnavailableError(
                f"the object store at {self.server} did not answer when asked for {where} "
                f"({type(exc).__name__}): is it running, and is {self.settings}_ENDPOINT_URL right?"
            ) from exc
        except BotoCoreError as exc:
            raise SettingsError(f"{self.server} does not answer as an S3 server does, for {where}: {exc}") from exc

    def _refusal(self, exc: ClientError, bucket: str, key: str | None) -> FirsthandError:
        code = _code(exc)
        if key is None and code == "404":
            code = "NoSuchBucket"
        status = exc.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if status == HTTPStatus.INSUFFICIENT_STORAGE:
            code = str(status)
        family, message = _REFUSALS.get(code, _BUSY if status >= _SERVER_ERROR else _UNKNOWN)
        where = f"{bucket}/{key}" if key else bucket
        said = f"{code} {exc.response.get('Error', {}).get('Message', '')}".strip()
        return family(message.format(server=self.server, settings=self.settings, bucket=bucket, where=where, said=said))


def open_door(
    *,
    endpoint_url: str | None,
    region: str,
    access_key_id: str,
    secret_access_key: str,
    session_token: str | None,
    connections: int,
    settings: str,
) -> Door:
    """Make a client; the server is not asked anything yet.

    Raises:
        SettingsError: the endpoint is not a URL.
    """
    # A loopback server is never behind a proxy, whatever the environment says of the rest of the world.
    loopback = endpoint_url is not None and urlsplit(endpoint_url).hostname in _LOOPBACK
    config = Config(
        signature_version="s3v4",
        # Bodies are not digested for the signature: each of ours travels with a digest that the server compares.
        s3={"addressing_style": "path" if endpoint_url else "auto", "payload_signing_enabled": False},
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=READ_TIMEOUT_S,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        max_pool_connections=connections,
        tcp_keepalive=True,
        # We send digests of our own; boto3's are trailers that older servers do not read.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        proxies={} if loopback else None,
    )
    try:
        client = boto3.session.Session().client(
            "s3",
            endpoint_url=endpoint_url,
            region_name=region,
            aws_access_key_id=access_key_id,
            aws_secret_access_key=secret_access_key,
            aws_session_token=session_token,
            config=config,
        )
    except (ValueError, BotoCoreError) as exc:
        raise SettingsError(f"{settings}_ENDPOINT_URL or {settings}_REGION is wrong: {exc}") from exc
    guards_bytes = loopback or client.meta.endpoint_url.startswith("https:")
    return Door(client, endpoint_url or f"AWS S3 in {region}", settings, guards_bytes)


def _code(exc: ClientError) -> str:
    return str(exc.response.get("Error", {}).get("Code", ""))
