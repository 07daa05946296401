"""How much may one child process take before the kernel or we stop it?"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ChildLimits:
    """The most that one child may take; the seconds it may run are said with each run."""

    memory_bytes: int = 1 << 30
    """Address space."""
    file_bytes: int = 1 << 30
    """Largest file that it may write."""
    open_files: int = 128
    cores: int = 2
    """Processor seconds it may use for each second that it may run: a decoder and an encoder may each fill a core."""
    line_bytes: int = 1 << 20
    """Longest line of its standard output that is an answer to anything we ask."""
