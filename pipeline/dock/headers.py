"""How does what is said of a thing travel in HTTP headers, in any script, and come back as it was?

Values are percent-encoded UTF-8. Control characters stay percent-encoded in our records: a database takes no NUL and a
terminal should see no escape, and what was sent is still there. Names of headers do not tell capitals apart.
"""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, unquote_to_bytes

from pipeline.domain.docking import METADATA_BYTES_MAX
from pipeline.errors import RejectedInputError

CONTAINER = "x-container-meta-"
OBJECT = "x-object-meta-"

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}")


def said_in(headers: Iterable[tuple[bytes, bytes]], prefix: str) -> dict[str, str]:
    """What the headers of a request say of a container or an object: lower-case names and decoded values.

    Raises:
        RejectedInputError: it is more than can be kept.
    """
    start = prefix.encode()
    said: dict[str, str] = {}
    size_bytes = 0
    for name, value in headers:
        if name.lower().startswith(start) and _NAME.fullmatch(name[len(start) :]):
            size_bytes += len(name) + len(value)
            said[name[len(start) :].decode().lower()] = decoded(value)
    if size_bytes > METADATA_BYTES_MAX:
        raise RejectedInputError(f"expected at most {METADATA_BYTES_MAX} bytes of metadata, found {size_bytes}")
    return said


def decoded(value: bytes) -> str:
    """A value as it was meant: percent-encoded UTF-8, or UTF-8, or, from an old sender, Latin-1."""
    raw = unquote_to_bytes(value)
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    return _CONTROL.sub(lambda found: quote(found[0]), text)


def as_headers(said: Mapping[str, str], prefix: str) -> dict[str, str]:
    """What is said of a thing as headers of an answer."""
    return {f"{prefix}{name}": quote(value, safe=" /:,;=@+-._~()<>{}") for name, value in said.items()}
