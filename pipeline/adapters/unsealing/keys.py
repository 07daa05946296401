"""What does a key object say, and which content key is wrapped in it?

A key object is JSON with `EncryptedKey` (RSA-OAEP with SHA-1, base64), `ContentEncryptionIV` (base64) and `PublicKeyId`
(Axis body-worn integration API 1.6.10). The private key is read when it is needed and never written.
"""

import base64
import json
import stat
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from pipeline.adapters.unsealing.clip import KEY_BYTES, VECTOR_BYTES
from pipeline.errors import SettingsError, UnreadableFileError

KEY_OBJECT_BYTES_MAX: Final = 64 * 1024

# SHA-1 is what cameras use here: OAEP does not rest on its collisions.
_OAEP: Final = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)  # noqa: S303  # see above


class ContentKeys:
    """Opens content keys with our private key."""

    def __init__(self, private_key: Path, *, passphrase: str | None) -> None:
        self._path = private_key
        self._passphrase = passphrase

    def secret_in(self, key_object: bytes) -> bytes:
        """The content key and the initialization vector, as the child takes them.

        Raises:
            UnreadableFileError: it is no key object, or not for our key.
            SettingsError: our private key cannot be read, or others can read it too.
        """
        private = self._private_key()
        try:
            said = json.loads(key_object)
            wrapped = base64.b64decode(said["EncryptedKey"], validate=True)
            vector = base64.b64decode(said["ContentEncryptionIV"], validate=True)
            key = private.decrypt(wrapped, _OAEP)
        except (ValueError, TypeError, KeyError, RecursionError) as exc:
            raise UnreadableFileError(
                "expected a key object whose EncryptedKey opens with FIRSTHAND_DOCK_PRIVATE_KEY, found another"
            ) from exc
        if (len(key), len(vector)) != (KEY_BYTES, VECTOR_BYTES):
            raise UnreadableFileError(
                f"expected a key of {KEY_BYTES} and a vector of {VECTOR_BYTES} bytes, "
                f"found {len(key)} and {len(vector)}"
            )
        return key + vector

    def _private_key(self) -> rsa.RSAPrivateKey:
        try:
            if stat.S_IMODE(self._path.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO):
                raise SettingsError(f"FIRSTHAND_DOCK_PRIVATE_KEY: {self._path} can be read by others: chmod 600")
            passphrase = self._passphrase.encode() if self._passphrase else None
            found = serialization.load_pem_private_key(self._path.read_bytes(), passphrase)
        except OSError as exc:
            raise SettingsError(
                f"FIRSTHAND_DOCK_PRIVATE_KEY: {self._path} cannot be read ({exc.strerror}): encrypted footage waits"
            ) from exc
        except (ValueError, TypeError) as exc:
            raise SettingsError(
                f"FIRSTHAND_DOCK_PRIVATE_KEY: {self._path} does not open with FIRSTHAND_DOCK_PRIVATE_KEY_PASSPHRASE"
            ) from exc
        if not isinstance(found, rsa.RSAPrivateKey):
            raise SettingsError(f"FIRSTHAND_DOCK_PRIVATE_KEY: expected an RSA key in {self._path}")
        return found
