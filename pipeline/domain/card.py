"""What is on a camera's card, counted as a person would count it?"""

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.domain.file_name import NamedFile


@dataclass(frozen=True, slots=True)
class CardSummary:
    """How many of what a card or folder holds, as far as names tell."""

    recordings: int
    """Files of one series, which a camera split, count once."""
    footage_files: int
    companions: int
    left_behind: int
    """Not sent: what computers and cameras keep for themselves, hidden and unfinished files, links."""

    def __str__(self) -> str:
        split = f" in {_counted(self.footage_files, 'file')}" if self.footage_files != self.recordings else ""
        return (
            f"{_counted(self.recordings, 'recording')}{split}, {_counted(self.companions, 'companion')}, "
            f"{_counted(self.left_behind, 'file')} left behind"
        )


def summarise(files: Iterable[tuple[str, NamedFile]], *, left_behind: int) -> CardSummary:
    """Count files, each given with the folder it lies in; series of two folders are two."""
    named = list(files)
    footage = [(folder, said) for folder, said in named if said.companion_kind is None]
    series = {
        (folder, said.chapter.series) if said.chapter is not None else (folder, said.base, number)
        for number, (folder, said) in enumerate(footage)
    }
    return CardSummary(len(series), len(footage), len(named) - len(footage), left_behind)


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
