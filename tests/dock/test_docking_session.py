"""A whole docking session: two cameras, one of them encrypting; everything becomes footage that can be looked at."""

import base64
import json
import os
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from pipeline.adapters.unsealing.keys import ContentKeys
from pipeline.dock.premises import Premises
from pipeline.domain.digest import Sha256
from pipeline.domain.exercise import WornCamera
from pipeline.domain.ids import CameraSerial, UploadId
from pipeline.errors import SettingsError, UnreadableFileError
from pipeline.records import exercises, footage
from pipeline.steps.assign import assign_uploads
from pipeline.steps.unseal import unseal_original
from pipeline.workbench import Workbench
from tests.builders import NOON, a_declaration
from tests.dock.station import Station, container_name, epoch, trail
from tests.footage import make_clip
from tests.stages import Stages

AT = NOON - timedelta(hours=3)
USER_ID = "5f0c2a9b-8f8e-4a39-9d6c-0123456789ab"
PLAIN, SEALING = "B8A44F00000A", "B8A44F00000B"


@dataclass(frozen=True)
class Sealed:
    """A clip as a camera encrypts it."""

    content: bytes
    key_object: bytes


def seal(content: bytes, public_pem: bytes) -> Sealed:
    key, vector = os.urandom(32), os.urandom(16)
    pad = 16 - len(content) % 16
    opener = Cipher(algorithms.AES256(key), modes.CBC(vector)).encryptor()
    public = serialization.load_pem_public_key(public_pem)
    assert isinstance(public, rsa.RSAPublicKey)
    wrapped = public.encrypt(key, padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None))  # noqa: S303 - theirs
    said = {
        "EncryptedKey": base64.b64encode(wrapped).decode(),
        "ContentEncryptionIV": base64.b64encode(vector).decode(),
        "PublicKeyId": "test",
    }
    return Sealed(opener.update(content + bytes([pad]) * pad) + opener.finalize(), json.dumps(said).encode())


@pytest.fixture(scope="module")
def premises(tmp_path_factory: pytest.TempPathFactory) -> Premises:
    made = Premises(tmp_path_factory.mktemp("home") / "dock")
    made.make_content_key(passphrase="a passphrase")
    return made


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return make_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", seconds=1).read_bytes()


def send(station: Station, serial: str, objects: dict[str, bytes], *, minutes: int = 0) -> str:
    at = AT + timedelta(minutes=minutes)
    station.register(USER_ID, serial)
    container = container_name(USER_ID, serial, at)
    for _ in range(2):  # the first answer got lost
        station.make(container)
        station.say(container, Status="Transferring", TriggerOnTime=epoch(at), BWCSerialNumber=serial)
        for name, content in objects.items():
            said = {"StartTime": epoch(at)} if name.endswith(".mp4") else {"Ort": "Übungsplatz №3"}
            station.put(container, name, content, **said)
    station.complete(container)
    return container


def upload_of(bench: Workbench, content: bytes) -> UploadId:
    """Assign what waits, and find the upload of these bytes."""
    cameras = tuple(WornCamera(CameraSerial(serial), f"AFO-{at}") for at, serial in enumerate((PLAIN, SEALING)))
    with bench.db.begin() as session:
        exercises.add_declaration(session, replace(a_declaration(), cameras=cameras, held_on=AT.date()), at=NOON)
    assign_uploads(db=bench.db, clock=bench.clock)
    for upload_id in Stages(bench).receive().waiting:
        with bench.db.begin() as session:
            if footage.get_upload(session, upload_id).claimed_digest == Sha256.of(content):
                return upload_id
    raise AssertionError("it does not wait")


def unseal(bench: Workbench, digest: Sha256, keys: ContentKeys) -> bool:
    return unseal_original(
        digest, store=bench.store, scratch=bench.scratch, parsers=bench.unsealing, content_keys=keys, db=bench.db
    )


def test_what_both_cameras_sent_is_preserved_as_it_was_and_can_be_looked_at(
    station: Station, bench: Workbench, premises: Premises, clip: bytes
) -> None:
    keys = ContentKeys(premises.private_key, passphrase="a passphrase")
    sealed = seal(clip, premises.public_key.read_bytes())
    beside = {"bookmark_1_ä": "Tür".encode(), f"20261122_090000_a_{PLAIN}_gpstrail.json": trail(AT)}
    send(station, PLAIN, {"20261122_090000_a.mp4": clip, **beside})
    send(station, SEALING, {"20261122_090000_b.mp4": sealed.content, "20261122_090000_b.key": sealed.key_object})
    stages = Stages(bench)
    recordings = []
    for content in (clip, sealed.content):
        digest = stages.preserve(upload_of(bench, content))
        assert digest == Sha256.of(content)
        for _ in range(2):
            assert unseal(bench, digest, keys) is (content is not clip)
        assert bench.scratch.file_for(digest).read_bytes() == clip
        recordings.append(stages.probe(digest))
        assert stages.cut(stages.render(recordings[-1]))
    with bench.db.begin() as session:
        cameras = [footage.get_recording(session, one).camera_serial for one in recordings]
    assert cameras == [PLAIN, SEALING]
    kept = {stages.preserve(upload_id) for upload_id in stages.receive().companions}
    assert kept == {Sha256.of(content) for content in (*beside.values(), sealed.key_object)}
    assert not list(Path(bench.scratch.own).rglob("*.sealed"))


def test_a_key_of_another_a_damaged_clip_and_a_missing_private_key_are_told_apart(
    station: Station, bench: Workbench, premises: Premises, clip: bytes, tmp_path: Path
) -> None:
    public = premises.public_key.read_bytes()
    keys = ContentKeys(premises.private_key, passphrase="a passphrase")
    other = seal(clip, public)
    damaged = seal(clip, public)
    cases = [
        (Sealed(other.content, b'{"EncryptedKey": "AAAA", "ContentEncryptionIV": "AAAA"}'), keys, UnreadableFileError),
        (Sealed(damaged.content[:-3], damaged.key_object), keys, UnreadableFileError),
        (seal(clip, public), ContentKeys(premises.private_key, passphrase="wrong"), SettingsError),
        (seal(clip, public), ContentKeys(tmp_path / "none.pem", passphrase=None), SettingsError),
    ]
    for number, (sealed, with_keys, error) in enumerate(cases, start=1):
        send(station, SEALING, {"c.mp4": sealed.content, "c.key": sealed.key_object}, minutes=number)
        digest = Stages(bench).preserve(upload_of(bench, sealed.content))
        with pytest.raises(error):
            unseal(bench, digest, with_keys)
        assert not bench.scratch.file_for(digest).exists()


def test_a_private_key_that_others_can_read_is_refused(premises: Premises, tmp_path: Path) -> None:
    copy = tmp_path / "key.pem"
    copy.write_bytes(premises.private_key.read_bytes())
    copy.chmod(0o640)
    with pytest.raises(SettingsError, match="can be read by others"):
        ContentKeys(copy, passphrase="a passphrase").secret_in(b"{}")
