"""What may be decided about an upload in quarantine, by whom, and what does it change?

Rules kept here:

* Who decides is an account or a pseudonym, never a name with a space; why is a sentence.
* Released: the next ingest judges the upload again. Where it was refused for what its sender announced, that is
  accepted, because somebody has answered for it; any other reason is found again if it still holds.
* Rejected: it stays in quarantine for good. Each refusal is decided once.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pipeline.domain.ids import UploadId
from pipeline.errors import UsageError

Ruling = Literal["released", "rejected"]

OVERRULED = frozenset({"ClaimMismatchError"})
"""Kinds of refusal that a release overrules: they are about what was said of the bytes, not about the bytes."""

_DECIDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,63}")
_BECAUSE_MIN, _BECAUSE_MAX = 3, 500


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision."""

    upload_id: UploadId
    attempt: int
    """How often the upload had been released before."""
    ruling: Ruling
    decided_by: str
    because: str
    decided_at: datetime

    @staticmethod
    def check(decided_by: str, because: str) -> tuple[str, str]:
        """Who and why as they are recorded.

        Raises:
            UsageError: they are missing, or who is a name and no account.
        """
        because = " ".join(because.split())
        if not _DECIDER.fullmatch(decided_by):
            raise UsageError(
                f"--by: expected an account or a pseudonym (letters, digits, . _ -), found {decided_by[:80]!r}"
            )
        if not _BECAUSE_MIN <= len(because) <= _BECAUSE_MAX or not because.isprintable():
            raise UsageError(
                f"--because: expected a reason of {_BECAUSE_MIN} to {_BECAUSE_MAX} printable characters, "
                f"found {len(because)}"
            )
        return decided_by, because
