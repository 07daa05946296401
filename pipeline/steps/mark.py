"""Record what somebody says about a clip: that it may distress, or that annotators can be checked by it."""

import re
from collections.abc import Callable
from datetime import datetime

import structlog

from pipeline.domain.custody import CustodyEvent
from pipeline.domain.ids import ClipId
from pipeline.domain.labels import Taxonomy
from pipeline.errors import NotPermittedError, UsageError
from pipeline.records import Database, annotations, custody, people, softened

log = structlog.get_logger()

_WHO = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,63}")


def warn_of_clip(clip_id: ClipId, *, by: str, because: str, db: Database, clock: Callable[[], datetime]) -> bool:
    """Record that a clip may distress; whether nobody had said so. Safe to repeat: the first word stays.

    Raises:
        UsageError: who says so, or why, cannot be recorded.
    """
    _check(by, because)
    at = clock()
    with db.begin() as session:
        new = softened.warn(session, clip_id, by=by, because=because, at=at)
        if new:
            custody.append(session, CustodyEvent("warned", "clip", str(clip_id), at, {"by": by}))
    log.info("clip_warned_of", clip_id=str(clip_id), new=new)
    return new


def mark_gold(
    clip_id: ClipId, *, taxonomy: Taxonomy, by: str, because: str, db: Database, clock: Callable[[], datetime]
) -> bool:
    """Record that annotators can be checked by a clip; whether nobody had said so. Safe to repeat.

    Raises:
        UsageError: who says so, or why, cannot be recorded.
        NotPermittedError: no adjudicator decided what is in the clip.
    """
    _check(by, because)
    at = clock()
    with db.begin() as session:
        if clip_id not in annotations.adjudicated(session, taxonomy.digest):
            raise NotPermittedError(
                f"clip {clip_id} has no adjudicated answer under {taxonomy.name}: there is nothing to check others by"
            )
        new = people.mark_gold(session, clip_id, taxonomy.digest, by=by, because=because, at=at)
        if new:
            details = {"by": by, "taxonomy": taxonomy.digest.hex}
            custody.append(session, CustodyEvent("gold_marked", "clip", str(clip_id), at, details))
    log.info("gold_clip_marked", clip_id=str(clip_id), new=new)
    return new


def _check(by: str, because: str) -> None:
    if not _WHO.fullmatch(by):
        raise UsageError(f"expected an account or a pseudonym, found {by[:80]!r}")
    if not 3 <= len(because) <= 500:  # noqa: PLR2004  # as the records have it
        raise UsageError(f"expected a reason of 3 to 500 characters, found {len(because)}")
