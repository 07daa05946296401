"""What does the dock keep on its machine: its key, its certificate, and the key pair of encrypted footage?

Everything is made on first use, readable by its owner alone, and never replaced: stations hold copies of it.
"""

import base64
import ipaddress
import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pipeline.domain.digest import Sha256
from pipeline.errors import SettingsError, UsageError

CERTIFICATE_DAYS: Final = 3650
"""A station is told of a new certificate by hand: it should not have to be often."""
RSA_BITS: Final = 3072

_PRIVATE = 0o600
_FOLDER = 0o700


@dataclass(frozen=True, slots=True)
class Certificate:
    """Where the certificate of the dock and its key are."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Premises:
    """The dock's folder."""

    folder: Path

    @property
    def public_key(self) -> Path:
        """Where the public half of the content key pair is, once it was made."""
        return self.folder / "content-public.pem"

    @property
    def private_key(self) -> Path:
        """Where the private half is, once it was made."""
        return self.folder / "content-private.pem"

    def station_key(self) -> str:
        """The key that stations show; made on first use."""
        return self._kept("station.key", lambda: secrets.token_urlsafe(32).encode()).read_text().strip()

    def certificate(self, names: Sequence[str], *, now: datetime) -> Certificate:
        """A self-signed certificate for these names and addresses; made on first use. Safe to repeat.

        One file holds both, so that a kill in between leaves no key without its certificate.
        """
        path = self._kept("tls.pem", lambda: _self_signed(names, now=now))
        return Certificate(path, path)

    def make_content_key(self, *, passphrase: str | None) -> Path:
        """Make the key pair of encrypted footage; where its public half is.

        Raises:
            UsageError: there is one. Footage was perhaps encrypted for it: it is never replaced.
        """
        if self.private_key.exists():
            raise UsageError(f"{self.private_key} exists: footage may be encrypted for it, so it is never replaced")
        key = rsa.generate_private_key(65537, RSA_BITS)
        locked: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if passphrase:
            locked = serialization.BestAvailableEncryption(passphrase.encode())
        private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked)
        self._kept(self.private_key.name, lambda: private)
        return self._kept(self.public_key.name, lambda: _public_pem(key.public_key()))

    def _kept(self, name: str, make: Callable[[], bytes]) -> Path:
        """The file of this name, made if it is not there: whole or not at all, and by one process only."""
        path = self.folder / name
        if path.exists():
            return path
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=_FOLDER)
            part = self.folder / f".{name}.{secrets.token_hex(4)}"
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE), "wb") as out:
                out.write(make())
                out.flush()
                os.fsync(out.fileno())
            try:
                os.link(part, path)  # unlike a rename, it replaces nothing
            except FileExistsError:
                pass  # another process was first
            finally:
                part.unlink()
        except OSError as exc:
            raise SettingsError(f"{path} cannot be made: {exc.strerror}") from exc
        return path


def public_key_id(public_pem: bytes) -> str:
    """A name for a public key by which its private half is found again: the beginning of its digest."""
    key = serialization.load_pem_public_key(public_pem)
    plain = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return f"firsthand-{Sha256.of(plain).hex[:32]}"


def base64_of(content: bytes) -> str:
    """Bytes as they stand in a connection file."""
    return base64.b64encode(content).decode()


def certificates_in(path: Path) -> bytes:
    """The certificates of a PEM file, without any key.

    Raises:
        SettingsError: it cannot be read, or holds none.
    """
    try:
        found = x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError) as exc:
        raise SettingsError(f"FIRSTHAND_DOCK_CERTIFICATE: {path} holds no certificate in PEM: {exc}") from exc
    return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in found)


def _public_pem(key: rsa.RSAPublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def _self_signed(names: Sequence[str], *, now: datetime) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    us = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Firsthand dock")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(us)
        .issuer_name(us)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=CERTIFICATE_DAYS))
        .add_extension(x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
