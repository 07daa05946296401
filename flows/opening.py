"""Which bytes of a recording can be looked at on this machine? Those that its camera encrypted are opened first."""

from pipeline.domain.digest import Sha256
from pipeline.domain.ids import RecordingId
from pipeline.steps.unseal import unseal_original, unseal_recording
from pipeline.workbench import open_workbench


def open_original(digest: Sha256) -> None:
    """Put the plain bytes of one original where the next steps find it."""
    bench = open_workbench()
    unseal_original(
        digest,
        store=bench.store,
        scratch=bench.scratch,
        parsers=bench.unsealing,
        content_keys=bench.content_keys,
        db=bench.db,
    )


def open_recording(recording_id: RecordingId) -> None:
    """The same for all originals of a recording."""
    bench = open_workbench()
    unseal_recording(
        recording_id,
        store=bench.store,
        scratch=bench.scratch,
        parsers=bench.unsealing,
        content_keys=bench.content_keys,
        db=bench.db,
    )
