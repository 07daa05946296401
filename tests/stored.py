"""Puts footage on a bench as if it had come through the steps: rows, events and objects agree, but nothing is media.

What is released, audited and looked up does not ask what is in the bytes; ffmpeg would only cost time.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from pipeline.domain import keys
from pipeline.domain.byproduct import Byproduct, ByproductKind
from pipeline.domain.custody import CustodyEvent
from pipeline.domain.digest import Sha256
from pipeline.domain.encoding import Encoding
from pipeline.domain.footage import Clip, ClipRendition, Location, Recording
from pipeline.domain.ids import AnnotationId, CameraSerial, derive
from pipeline.domain.labels import ClipLabels
from pipeline.records import annotations, byproducts, custody, encodings, gates
from pipeline.records.annotations import Answer
from pipeline.records.gates import Gate
from pipeline.workbench import Workbench
from tests.builders import NOON, TOOL, Chain, a_chain, add_chain, an_answer, an_encoding, an_event, some_labels


def content_of(thing_id: object) -> bytes:
    """The bytes that stand for a thing: some of its own."""
    return f"the bytes of {thing_id}".encode() * 10


def store_unheard(bench: Workbench, name: str, sound: bytes) -> Recording:
    """A recording of one clip that lies there with its sound, and that nobody has listened to or aligned."""
    chain = a_chain(name, clip_count=1)
    recording = replace(chain.recording, camera_serial=CameraSerial(f"CAMERA-{name}"))
    named, digest = chain.rendition.rendition_id, Sha256.of(sound)
    key = keys.byproduct_key(named, ByproductKind.SOUND, 0, digest)
    at = _put(bench, bench.settings.s3_working_bucket, key, sound)
    with bench.db.begin() as session:
        add_chain(session, replace(chain, recording=recording))
        byproducts.add_byproduct(session, Byproduct(named, ByproductKind.SOUND, 0, digest, at, len(sound)))
    return recording


def store_chain(bench: Workbench, name: str = "one", *, clip_count: int = 3) -> Chain:
    """One upload and everything that came of it."""
    content = f"footage {name}".encode()
    chain = a_chain(content.decode(), clip_count=clip_count)
    settings, recording, rendition = bench.settings, chain.recording, chain.rendition
    assert chain.original.digest == Sha256.of(content)
    original_at = _put(bench, settings.s3_originals_bucket, keys.original_key(chain.original.digest), content)
    key = keys.upload_key(recording.exercise_id, recording.camera_serial, chain.original.digest)
    upload_at = _put(bench, settings.s3_intake_bucket, key, content)
    sent = bench.store.head(upload_at.bucket, upload_at.key)
    assert sent is not None
    seen = content_of(rendition.rendition_id)
    key = keys.rendition_key(recording.recording_id, rendition.rendition_id, Sha256.of(seen))
    rendition_at = _put(bench, settings.s3_working_bucket, key, seen)
    stored = replace(
        chain,
        upload=replace(
            chain.upload,
            at=upload_at,
            upload_id=chain.upload.id_for(upload_at),
            etag=sent.etag,
            size_bytes=len(content),
        ),
        original=replace(chain.original, at=original_at, size_bytes=len(content)),
        rendition=replace(rendition, at=rendition_at, digest=Sha256.of(seen), size_bytes=len(seen)),
        made=tuple(_store_clip(bench, clip, chain) for clip in chain.clips),
    )
    with bench.db.begin() as session:
        for made in add_chain(session, stored).made:
            # Nothing here is media; that it plays is what `steps/gate` would have found.
            gates.add_gate(session, Gate(made.clip_id, made.digest, (), TOOL, NOON))
    return stored


def _store_clip(bench: Workbench, clip: Clip, chain: Chain) -> ClipRendition:
    content = content_of(clip.clip_id)
    key = keys.clip_key(chain.rendition.rendition_id, clip.clip_id, Sha256.of(content))
    return ClipRendition(
        clip_id=clip.clip_id,
        rendition_id=chain.rendition.rendition_id,
        digest=Sha256.of(content),
        at=_put(bench, bench.settings.s3_working_bucket, key, content),
        size_bytes=len(content),
        frame_count=300,
    )


def store_encoding(bench: Workbench, clip: Clip) -> Encoding:
    """What a recipe made of a clip."""
    made, content = an_encoding(clip), content_of("encoding")
    digest = Sha256.of(content)
    key = keys.encoding_key(clip.clip_id, made.encoding_id, digest)
    at = _put(bench, bench.settings.s3_working_bucket, key, content)
    stored = replace(made, digest=digest, at=at, size_bytes=len(content))
    with bench.db.begin() as session:
        encodings.add_encoding(session, stored)
        told = an_event(kind="encoded", subject_kind="encoding", subject_id=str(stored.encoding_id), details={})
        custody.append(session, told)
    return stored


def _put(bench: Workbench, bucket: str, key: str, content: bytes) -> Location:
    stored = bench.store.put_once(bucket, key, content, digest=Sha256.of(content), media_type="video/mp4")
    return Location(stored.bucket, stored.key, stored.version_id)


def answer(
    bench: Workbench,
    clip: Clip,
    *,
    annotators: Sequence[str] = ("annotator-a", "annotator-b"),
    labels: ClipLabels | None = None,
    refusal: str | None = None,
    minutes_later: int = 0,
) -> list[Answer]:
    """Record what annotators said of a clip; the same annotator later is the same answer, changed."""
    given = []
    for annotator in annotators:
        number = int(derive("number", clip.clip_id, annotator)) % 1_000_000
        plain = an_answer(clip, number)
        at = plain.answered_at + timedelta(minutes=minutes_later)
        given.append(
            replace(
                plain,
                annotation_id=AnnotationId(derive("annotation", clip.clip_id, annotator, at)),
                taxonomy_digest=bench.taxonomy.digest,
                annotator=annotator,
                answered_at=at,
                labels=None if refusal else labels or some_labels(),
                refusal=refusal,
            )
        )
    with bench.db.begin() as session:
        for one in given:
            annotations.add_answer(session, one)
            kind = "labelled" if one.labels else "labels_refused"
            event = CustodyEvent(kind, "annotation", str(one.annotation_id), one.collected_at, {})
            custody.append(session, event)
    return given
