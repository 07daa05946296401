"""Who may send, and until when?

A token is an expiry and a signature made with the dock's own key: nothing is stored, so tokens outlive a restart of the
dock, and all of them end when the key is changed.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

LIFETIME: Final = timedelta(hours=24)
"""Long enough for one recording over a slow line; a station asks again when it is told 401."""

_PREFIX = "AUTH_tk"
_EXPIRY_BYTES = 8
_SALT_BYTES = 8
_PURPOSE = b"firsthand dock token 1"


@dataclass(frozen=True, slots=True)
class Tokens:
    """Gives tokens to whoever knows user and key, and knows them again."""

    user: str
    key: str
    clock: Callable[[], datetime]
    lifetime: timedelta = LIFETIME

    def admit(self, user: str, key: str) -> str | None:
        """A token for whoever knows user and key; `None` for others. Takes as long whichever of the two is wrong."""
        same_user = hmac.compare_digest(user.encode(errors="surrogateescape"), self.user.encode())
        same_key = hmac.compare_digest(key.encode(errors="surrogateescape"), self.key.encode())
        if not (same_user and same_key):
            return None
        expires_s = int((self.clock() + self.lifetime).timestamp())
        said = expires_s.to_bytes(_EXPIRY_BYTES, "big") + secrets.token_bytes(_SALT_BYTES)
        return _PREFIX + base64.urlsafe_b64encode(said + self._signature(said)).decode()

    def knows(self, token: str) -> bool:
        """Whether this is a token of ours that has not expired."""
        if not token.startswith(_PREFIX):
            return False
        try:
            raw = base64.b64decode(token.removeprefix(_PREFIX).encode(), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return False
        said, signature = raw[: _EXPIRY_BYTES + _SALT_BYTES], raw[_EXPIRY_BYTES + _SALT_BYTES :]
        if not hmac.compare_digest(signature, self._signature(said)):
            return False
        return int.from_bytes(said[:_EXPIRY_BYTES], "big") > self.clock().timestamp()

    def _signature(self, said: bytes) -> bytes:
        purpose = hmac.digest(self.key.encode(), _PURPOSE, hashlib.sha256)
        return hmac.digest(purpose, said, hashlib.sha256)
