"""Every server that Firsthand needs, on one machine, without Docker and without services of the system."""

from infra.local.parts import PARTS
from infra.local.progress import Phase, Progress
from infra.local.stack import Stack
from infra.local.status import NOT_ANSWERING, RUNNING, STOPPED, PartStatus

PART_NAMES = tuple(PARTS)

__all__ = ["NOT_ANSWERING", "PART_NAMES", "RUNNING", "STOPPED", "PartStatus", "Phase", "Progress", "Stack"]
