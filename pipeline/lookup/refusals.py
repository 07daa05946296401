"""Why is this upload in quarantine, what can be done, and what was decided?"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pipeline.domain.decision import OVERRULED
from pipeline.domain.ids import UploadId
from pipeline.errors import UsageError
from pipeline.lookup.naming import resolve
from pipeline.records import Database, decisions, footage

_CAN_BE_DONE = {
    "EmptyUploadError": "Nothing is in it: look whether the camera still has it, and upload that.",
    "UnreadableMediaError": "It is no footage that we read. If a player shows it, report it; else reject it.",
    "NoVideoStreamError": "It has no picture. If it is sound that belongs to footage, reject it here.",
    "DamagedMediaError": "Nothing of it decodes. Copy it from the camera again, and upload that.",
    "MediaLimitError": "It asks for more than any camera does. If it is honest, raise the limit and release it.",
    "ClaimMismatchError": "It is not what its sender announced. Ask the sender; release it if the bytes are right.",
    "RenditionMismatchError": "We made something else of it than planned. Report it; release it after an update.",
    "UnreadableFileError": "A parser could not read it. Report it; release it after an update.",
    "RejectedInputError": (
        "It does not say whose it is, or its name says that it is no footage: release it and say which camera it is of "
        "(--camera, --exercise), or send the file with `firsthand upload` and reject this one."
    ),
}
_ELSE = "Read the reason; release it when that is mended, or reject it."


@dataclass(frozen=True, slots=True)
class QuarantineEvent:
    """One refusal or decision."""

    at: datetime
    what: str
    """`refused`, `released` or `rejected`."""
    by: str | None
    because: str


@dataclass(frozen=True, slots=True)
class RefusalStory:
    """One upload that is or was in quarantine."""

    upload_id: UUID
    state: str
    """`in quarantine`, `released` (the next ingest judges it again) or `rejected`."""
    original_name: str | None
    size_bytes: int
    object: str
    version_id: str
    error_kind: str
    reason: str
    can_be_done: str
    release_overrules: bool
    """Whether a release accepts what it was refused for, or has it judged again."""
    history: tuple[QuarantineEvent, ...]


def named_upload(db: Database, text: str) -> UploadId:
    """The upload that a text names.

    Raises:
        UsageError: it names nothing, several things, or something that is no upload.
    """
    ref = resolve(db, text)
    if ref.kind != "upload":
        raise UsageError(f"expected an upload, found {ref.kind} {ref.thing_id}; `firsthand quarantine list` shows them")
    return UploadId(UUID(ref.thing_id))


def explain(db: Database, upload_id: UploadId) -> RefusalStory:
    """Everything about one refused upload.

    Raises:
        UsageError: it was never refused.
    """
    with db.begin() as session:
        upload = footage.get_upload(session, upload_id)
        refusals = decisions.refusals_of(session, upload_id)
        decided = decisions.decisions_of(session, upload_id)
    if not refusals:
        raise UsageError(f"upload {upload_id} was never in quarantine; `firsthand show {upload_id}` explains it")
    newest = refusals[-1]
    ruling = next((decision.ruling for decision in decided if decision.attempt == newest.attempt), None)
    happened = [QuarantineEvent(refusal.quarantined_at, "refused", None, refusal.reason) for refusal in refusals]
    happened += [QuarantineEvent(one.decided_at, one.ruling, one.decided_by, one.because) for one in decided]
    return RefusalStory(
        upload_id=upload_id,
        state=ruling or "in quarantine",
        original_name=upload.original_name,
        size_bytes=upload.size_bytes,
        object=f"s3://{upload.at.bucket}/{upload.at.key}",
        version_id=upload.at.version_id,
        error_kind=newest.error_kind,
        reason=newest.reason,
        can_be_done=_CAN_BE_DONE.get(newest.error_kind, _ELSE),
        release_overrules=newest.error_kind in OVERRULED,
        history=tuple(sorted(happened, key=lambda event: event.at)),
    )
