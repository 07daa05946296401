"""What is loaded into the camera manager, so that its stations find the dock, trust it, and encrypt for it?

The fields and their limits are those of connection files 1.0 of the Axis body-worn integration API.
"""

import json
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final

from pipeline.dock.premises import base64_of, certificates_in, public_key_id
from pipeline.errors import SettingsError

FILE_BYTES_MAX: Final = 64 * 1024
ADDRESSES_MAX: Final = 10
SITE_LENGTH_MAX: Final = 64
PUBLIC_KEY_LENGTH_MAX: Final = 2048
CERTIFICATE_LENGTH_MAX: Final = 16 * 1024


def connection_file(
    *, urls: Sequence[str], site: str, user: str, key: str, certificate: Path | None, public_key: Path | None
) -> str:
    """The connection file as JSON. It holds the stations' key: it is a secret.

    Args:
        urls: where stations reach the dock.
        site: what the camera manager calls this place.
        user: the name that stations show.
        key: the key that they show with it.
        certificate: a PEM file of the dock's certificate; without, stations speak in the clear.
        public_key: a PEM file of the key that cameras encrypt for; without, they do not encrypt.

    Raises:
        SettingsError: a part is longer than a station takes.
    """
    said: dict[str, object] = {
        "ConnectionFileVersion": "1.0",
        "SiteName": site,
        "ApplicationName": "Firsthand",
        "ApplicationVersion": version("firsthand"),
        "ContentDestinationAsNTPServer": False,
        "AuthenticationTokenURI": [f"{url.rstrip('/')}/auth/v1.0" for url in urls],
        "BlobAPIKey": key,
        "BlobAPIUserName": user,
        "ContainerType": "mp4",
        "FullStoreAndReadSupport": False,
        "WantEncryption": public_key is not None,
    }
    if not 0 < len(urls) <= ADDRESSES_MAX:
        raise SettingsError(f"expected 1 to {ADDRESSES_MAX} addresses of the dock, found {len(urls)}")
    _require_short("SiteName", site, SITE_LENGTH_MAX)
    if certificate is not None:
        in_base64 = base64_of(certificates_in(certificate))
        _require_short("HTTPSCertificate", in_base64, CERTIFICATE_LENGTH_MAX)
        said["HTTPSCertificate"] = [in_base64]
    if public_key is not None:
        pem = public_key.read_bytes()
        said |= {"PublicKey": base64_of(pem), "PublicKeyId": public_key_id(pem)}
        _require_short("PublicKey", base64_of(pem), PUBLIC_KEY_LENGTH_MAX)
    made = json.dumps(said, indent=2, ensure_ascii=False)
    _require_short("the connection file", made, FILE_BYTES_MAX)
    return made


def _require_short(what: str, text: object, limit_bytes: int) -> None:
    size_bytes = len(str(text).encode())
    if size_bytes > limit_bytes:
        raise SettingsError(f"{what}: expected at most {limit_bytes} bytes, found {size_bytes}")
