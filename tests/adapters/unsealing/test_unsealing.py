"""Whatever a camera calls encrypted opens to the bytes it had, or is refused; a key object is one, or is refused."""

import base64
import contextlib
import io
import json
import os
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.adapters.unsealing.clip import KEY_BYTES, VECTOR_BYTES, parse
from pipeline.adapters.unsealing.keys import ContentKeys
from pipeline.errors import UnreadableFileError

SECRET = bytes(range(KEY_BYTES + VECTOR_BYTES))


def sealed(plain: bytes, secret: bytes = SECRET) -> bytes:
    padder = PKCS7(128).padder()
    closing = Cipher(algorithms.AES256(secret[:KEY_BYTES]), modes.CBC(secret[KEY_BYTES:])).encryptor()
    return closing.update(padder.update(plain) + padder.finalize()) + closing.finalize()


def opened(folder: Path, content: bytes, secret: bytes = SECRET) -> bytes:
    """What the parser makes of it, run here as the child runs it there."""
    (folder / "out").mkdir(exist_ok=True)
    (folder / "sealed").write_bytes(content)
    before, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(secret))
    try:
        with contextlib.chdir(folder):
            size_bytes = parse({"sealed": "sealed"}, {})
    finally:
        sys.stdin.close()
        sys.stdin = before
    plain = (folder / "out" / "clip").read_bytes()
    assert len(plain) == size_bytes
    return plain


@given(st.binary(max_size=200))
def test_what_was_sealed_opens_to_the_same_bytes(tmp_path_factory: pytest.TempPathFactory, plain: bytes) -> None:
    assert opened(tmp_path_factory.getbasetemp(), sealed(plain)) == plain


@given(st.binary(max_size=200))
def test_any_bytes_open_or_are_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    try:
        plain = opened(tmp_path_factory.getbasetemp(), content)
    except UnreadableFileError:
        return
    assert len(plain) < len(content)


def test_the_wrong_key_and_half_a_block_are_refused(tmp_path: Path) -> None:
    for content, secret in ((sealed(b"footage"), bytes(48)), (sealed(b"footage")[:-1], SECRET), (b"", SECRET)):
        with pytest.raises(UnreadableFileError, match="does not open"):
            opened(tmp_path, content, secret)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[ContentKeys, rsa.RSAPublicKey]:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    path = tmp_path_factory.mktemp("keys") / "private.pem"
    path.touch(0o600)
    path.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return ContentKeys(path, passphrase=None), private.public_key()


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.binary(max_size=64).map(lambda some: base64.b64encode(some).decode()),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["EncryptedKey", "ContentEncryptionIV", "PublicKeyId"]), inner)
    ),
    max_leaves=5,
)


@settings(max_examples=25)  # each reads and checks the private key
@given(anything)
def test_any_json_is_a_key_object_or_refused(keys: tuple[ContentKeys, rsa.RSAPublicKey], said: object) -> None:
    with pytest.raises(UnreadableFileError):
        keys[0].secret_in(json.dumps(said).encode())


@settings(max_examples=25)
@given(st.binary(max_size=100))
def test_any_bytes_are_no_key_object(keys: tuple[ContentKeys, rsa.RSAPublicKey], said: bytes) -> None:
    with pytest.raises(UnreadableFileError):
        keys[0].secret_in(said)


@pytest.mark.parametrize(("key_bytes", "vector_bytes"), [(32, 16), (16, 16), (32, 12)])
def test_a_key_object_has_a_key_and_a_vector_of_their_lengths(
    keys: tuple[ContentKeys, rsa.RSAPublicKey], key_bytes: int, vector_bytes: int
) -> None:
    key, vector = os.urandom(key_bytes), os.urandom(vector_bytes)
    oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)  # noqa: S303  # as cameras wrap it
    wrapped = keys[1].encrypt(key, oaep)
    said = json.dumps(
        {"EncryptedKey": base64.b64encode(wrapped).decode(), "ContentEncryptionIV": base64.b64encode(vector).decode()}
    ).encode()
    if (key_bytes, vector_bytes) == (KEY_BYTES, VECTOR_BYTES):
        assert keys[0].secret_in(said) == key + vector
        return
    with pytest.raises(UnreadableFileError, match=f"found {key_bytes} and {vector_bytes}"):
        keys[0].secret_in(said)
