"""Every error of ours, grouped by what the operator does about it.

The family decides the flow's answer (`flows/retry.py`) and the exit code of the command (`flows/cli/exits.py`):

* `RejectedInputError`  the footage is at fault: quarantine it, never retry.
* `UnavailableError`    the world is at fault, for now: retry with backoff.
* `CustodyError`        evidence may have changed: stop, tell someone, never retry.
* `NotPermittedError`   a rule says no: record the reason, go on with the rest.
* `SettingsError`       we are at fault: fail at start.
* `UsageError`          the command was asked for something that is not there.

A message says what was expected, what was found, and for which id. Adapters turn foreign errors into these
(`raise … from exc`); a foreign exception that leaves an adapter is a bug.
"""


class FirsthandError(Exception):
    """The root of every error that Firsthand raises on purpose."""


class RejectedInputError(FirsthandError):
    """The footage itself cannot be taken in."""


class EmptyUploadError(RejectedInputError):
    """An upload has no bytes."""


class UnreadableMediaError(RejectedInputError):
    """The bytes are not media that ffmpeg can read within its allow-lists."""


class UnreadableFileError(RejectedInputError):
    """A file that is no footage (a still, a track, a manifest, a sealed clip) is not what its parser can read."""


class DamagedMediaError(RejectedInputError):
    """The media opens, but its frames do not decode without error."""


class NoVideoStreamError(RejectedInputError):
    """The media opens, but has no video stream."""


class MediaLimitError(RejectedInputError):
    """Reading the media took more time, memory, pixels or streams than allowed."""


class RenditionMismatchError(RejectedInputError):
    """What was made of the footage is not what was planned from it: it is unlike anything we know how to render."""


class ClaimMismatchError(RejectedInputError):
    """What the sender said about an upload (its digest, its size) is not what arrived."""


class UnavailableError(FirsthandError):
    """Something outside did not answer; the same call may work later."""


class StoreUnavailableError(UnavailableError):
    """The object store did not answer, or answered that it cannot now."""


class StoreFullError(StoreUnavailableError):
    """The object store has no space left, or none that we may use."""


class DatabaseUnavailableError(UnavailableError):
    """Postgres did not answer."""


class LabelStudioUnavailableError(UnavailableError):
    """Label Studio did not answer, or answered that it cannot now."""


class OrchestratorUnavailableError(UnavailableError):
    """The Prefect server did not answer."""


class MediaToolError(UnavailableError):
    """Ffmpeg failed on footage that was readable before: killed, out of disk, or out of memory."""


class CustodyError(FirsthandError):
    """Evidence is not what the records say it is."""


class DigestMismatchError(CustodyError):
    """Stored bytes do not have the digest under which they are recorded."""


class BrokenCustodyError(CustodyError):
    """A custody event and the row it speaks of do not agree."""


class MissingObjectError(CustodyError):
    """An object that the records name is not in the store."""


class NotPermittedError(FirsthandError):
    """A rule refuses this."""


class QuarantinedError(NotPermittedError):
    """An upload that is in quarantine would go on."""


class SealedReleaseError(NotPermittedError):
    """A sealed release would have to change."""


class InvalidLabelsError(NotPermittedError):
    """Labels that came back do not fit the taxonomy or the clip."""


class SettingsError(FirsthandError):
    """A setting is missing or wrong, or names a place that does not exist."""


class AccessDeniedError(SettingsError):
    """A server refused our credentials."""


class UsageError(FirsthandError):
    """The command names something that does not exist or cannot be read."""


class StackError(FirsthandError):
    """A part of the local stack did not start or does not answer."""
