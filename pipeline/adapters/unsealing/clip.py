"""The parser that opens one encrypted file: AES-256-CBC with PKCS #7 padding, as Axis cameras encrypt.

It runs in a child; the content key (32 bytes) and the initialization vector (16 bytes) come through standard input.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from pipeline.errors import UnreadableFileError

KEY_BYTES = 32
VECTOR_BYTES = 16
BLOCK_BYTES = 1 << 20


def parse(files: Mapping[str, str], _: Mapping[str, Any]) -> int:
    """Write `out/clip`, the plain bytes of the file `sealed`; how many there are.

    Raises:
        UnreadableFileError: it was not encrypted with this key, or is not whole.
    """
    secret = sys.stdin.buffer.read(KEY_BYTES + VECTOR_BYTES)
    opening = Cipher(algorithms.AES256(secret[:KEY_BYTES]), modes.CBC(secret[KEY_BYTES:])).decryptor()
    unpadding = PKCS7(algorithms.AES256.block_size).unpadder()
    size_bytes = 0
    try:
        with Path(files["sealed"]).open("rb") as sealed, Path("out/clip").open("wb") as out:
            while block := sealed.read(BLOCK_BYTES):
                size_bytes += out.write(unpadding.update(opening.update(block)))
            size_bytes += out.write(unpadding.update(opening.finalize()) + unpadding.finalize())
    except ValueError as exc:
        raise UnreadableFileError("it does not open with the key that came with it, or is not whole") from exc
    return size_bytes
