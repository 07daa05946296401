"""What does an answer from Label Studio say, in exact seconds, and can it be believed?

Label Studio checks nothing of what comes in through its API: unknown labels, ranges that end before they begin and
plain junk are all kept. So everything is checked here, and every reason told.

Rules kept here:

* Frames count from 1 and both ends belong to a range.
* A range counts frames at the rate that the player was given. So everything that stands in the task now, but for what
  was drawn beforehand, must be what was sent out: rate, address, digest, clip and taxonomy.
* An answer counts for whoever gave it, as they gave it: one that somebody else has written over counts for nobody.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from math import ceil, isfinite
from typing import Any, Final

from pipeline.adapters.label_studio.config import BOXES, EVENTS, VIDEO, question_control
from pipeline.adapters.label_studio.tasks import ClipTask
from pipeline.domain.ids import ClipId
from pipeline.domain.labels import BoxPoint, BoxTrack, ChoiceAnswer, ClipLabels, EventLabel, Taxonomy
from pipeline.domain.timeline import Span
from pipeline.errors import InvalidLabelsError

OVERSHOOT_S: Final = Fraction(1, 10)
"""Label Studio takes the number of frames from the length of the file, whose sound may end a little after its last
picture (one packet of AAC at 16 kHz is 64 ms): ranges drawn to the end may count frames that are not there. Up to this
much is cut off; more is refused."""


RESULT_CHARS_MAX: Final = 1_000_000
"""Of an answer: a thousand events are 200,000 characters."""
NOBODY: Final = 0
"""What stands for an account that was deleted, or that never was."""
_BOX_NUMBERS: Final = ("x", "y", "width", "height", "rotation")


@dataclass(frozen=True, slots=True)
class ReceivedAnnotation:
    """One annotator's answer to one task, as it was when it was read."""

    ls_task_id: int
    ls_annotation_id: int
    clip_id: ClipId
    annotator: int
    """Id of the account that answered; 0 when the account is gone."""
    last_editor: int
    """Id of the account that saved it last; 0 when nobody did, as of an answer that was imported."""
    created_at: datetime
    updated_at: datetime
    lead_time_s: float | None
    """How long the answer took, as the annotator's browser counted."""
    was_cancelled: bool
    """Whether the clip was skipped; then there is nothing to read."""
    result_json: str
    """The result as the server wrote it."""
    served: Mapping[str, Any]
    """What the task's data say now."""


@dataclass(frozen=True, slots=True)
class Readout:
    """What was read of a project."""

    answers: tuple[ReceivedAnnotation, ...]
    """The oldest change first."""
    held: Mapping[ClipId, frozenset[int]]
    """For each clip whose task was touched: the annotations that its tasks hold now. What we know and they do not hold
    may have been deleted; or it belongs to another task of the clip, which was not touched."""
    touched_until: datetime | None = None
    """When the task that was touched last was touched; `None` when none was."""


def read_labels(
    received: ReceivedAnnotation, *, taxonomy: Taxonomy, clip: ClipTask, only_shown: Collection[str] = ()
) -> ClipLabels:
    """The labels in an answer, on the clip's own timeline.

    Args:
        received: the answer.
        taxonomy: the words it may use.
        clip: the clip as it was sent out.
        only_shown: controls that show what others said: what stands under their names is passed over.

    Raises:
        InvalidLabelsError: the message tells every reason why this answer cannot be taken.
    """
    reading = _Reading(clip.frame_rate, clip.frame_count, only_shown)
    reading.check_author(received)
    reading.check_served(received, clip)
    reading.read(received.result_json)
    labels = ClipLabels.of(reading.events, _with_keys(reading, taxonomy), reading.boxes)
    if reasons := [*reading.reasons, *labels.misfits(taxonomy, clip.frame_count / clip.frame_rate)]:
        raise InvalidLabelsError(
            f"annotation {received.ls_annotation_id} of clip {received.clip_id}: " + "; ".join(reasons)
        )
    return labels


def _with_keys(reading: "_Reading", taxonomy: Taxonomy) -> list[ChoiceAnswer]:
    """The choices, under the keys of their questions."""
    keys = {question_control(question.key): question.key for question in taxonomy.questions}
    return [ChoiceAnswer(keys.get(choice.question, choice.question), choice.answer) for choice in reading.choices]


class _Reading:
    """Reads one result; what is wrong is noted, and the rest read on."""

    def __init__(self, frame_rate: Fraction, frames: int, only_shown: Collection[str]) -> None:
        self._only_shown = only_shown
        self._frame_rate = frame_rate
        self._frames = frames
        self.events: list[EventLabel] = []
        self.choices: list[ChoiceAnswer] = []
        self.boxes: list[BoxTrack] = []
        self.reasons: list[str] = []

    def check_author(self, received: ReceivedAnnotation) -> None:
        if received.annotator == NOBODY:
            self.reasons.append("the account that answered is gone: nobody can tell whose answer this is")
        elif received.last_editor != received.annotator:
            who = f"account {received.last_editor}" if received.last_editor else "an import, and no account"
            self.reasons.append(f"account {received.annotator} is named as who answered, and {who} wrote it last")

    def check_served(self, received: ReceivedAnnotation, clip: ClipTask) -> None:
        for name, expected in clip.identity().items():
            if (found := received.served.get(name)) != expected:
                self.reasons.append(
                    f"the task's {name} is not that of the clip: expected {expected}, found {found!r:.120}"
                )

    def read(self, result_json: str) -> None:
        if len(result_json) > RESULT_CHARS_MAX:
            self.reasons.append(
                f"expected an answer of at most {RESULT_CHARS_MAX} characters, found {len(result_json)}"
            )
            return
        try:
            items = json.loads(result_json)
        except (ValueError, RecursionError) as exc:
            self.reasons.append(f"expected JSON, found {exc}")
            return
        if not isinstance(items, list):
            self.reasons.append(f"expected a list of labels, found {items!r:.80}")
            return
        for at, item in enumerate(items, 1):
            self._item(f"label {at}", item)

    def _item(self, where: str, item: Any) -> None:
        if not isinstance(item, dict) or not isinstance(item.get("value"), dict):
            self.reasons.append(f"{where}: expected a label with a value, found {item!r:.80}")
            return
        if item.get("from_name") in self._only_shown:
            return
        if item.get("to_name") != VIDEO:
            self.reasons.append(f"{where}: expected it to be about {VIDEO!r}, found {item.get('to_name')!r:.80}")
        control, value = item.get("from_name"), item["value"]
        if item.get("type") == "timelinelabels" and control == EVENTS:
            self._events(where, value)
        elif item.get("type") == "videorectangle" and control == BOXES:
            self._boxes(where, value)
        elif item.get("type") == "choices" and isinstance(control, str):
            self.choices += [ChoiceAnswer(control, answer) for answer in self._texts(where, value, "choices")]
        else:
            self.reasons.append(
                f"{where}: nothing of ours asks for {item.get('type')!r:.80} by the name of {control!r:.80}"
            )

    def _events(self, where: str, value: dict[str, Any]) -> None:
        ranges = value.get("ranges")
        if not isinstance(ranges, list) or not ranges:
            self.reasons.append(f"{where}: expected ranges of frames, found {ranges!r:.80}")
            return
        spans = [span for span in (self._span(where, found) for found in ranges) if span]
        for kind in self._texts(where, value, "timelinelabels"):
            self.events += [EventLabel(kind, span) for span in spans]

    def _boxes(self, where: str, value: dict[str, Any]) -> None:
        sequence = value.get("sequence")
        if not isinstance(sequence, list) or not sequence or len(sequence) > self._frames:
            self.reasons.append(f"{where}: expected 1 to {self._frames} places of a box, found {sequence!r:.80}")
            return
        points = [point for point in (self._point(where, found) for found in sequence) if point]
        if len(points) != len(sequence):
            return
        if [point.at_s for point in points] != sorted({point.at_s for point in points}):
            self.reasons.append(f"{where}: expected the places of a box in order of time, each frame once")
            return
        self.boxes += [BoxTrack(kind, tuple(points)) for kind in self._texts(where, value, "labels")]

    def _point(self, where: str, found: Any) -> BoxPoint | None:
        said = found if isinstance(found, dict) else {}
        frame, goes_on = said.get("frame"), said.get("enabled", True)
        numbers = [said.get(name, 0 if name == "rotation" else None) for name in _BOX_NUMBERS]
        last = self._frames + ceil(OVERSHOOT_S * self._frame_rate)
        placed = isinstance(frame, int) and type(goes_on) is bool and all(map(_is_number, numbers))
        if not isinstance(frame, int) or not placed or not 1 <= frame <= last:
            self.reasons.append(f"{where}: expected a box in a frame of the clip, found {found!r:.160}")
            return None
        x, y, width, height, rotation = (Fraction(str(number)) for number in numbers)
        at_s = Fraction(min(frame, self._frames) - 1) / self._frame_rate
        return BoxPoint(at_s, x, y, width, height, rotation, goes_on)

    def _span(self, where: str, found: Any) -> Span | None:
        start, end = (found.get("start"), found.get("end")) if isinstance(found, dict) else (None, None)
        if type(start) is not int or type(end) is not int:
            self.reasons.append(f"{where}: expected a range from one whole frame to another, found {found!r:.80}")
            return None
        if not 1 <= start <= end:
            self.reasons.append(f"{where}: expected a range with 1 <= start <= end, found {start} to {end}")
            return None
        if start > self._frames or end > self._frames + ceil(OVERSHOOT_S * self._frame_rate):
            self.reasons.append(f"{where}: frames {start} to {end} are not in a clip of {self._frames} frames")
            return None
        return Span.of_label_studio_range(start, min(end, self._frames), self._frame_rate)

    def _texts(self, where: str, value: dict[str, Any], name: str) -> list[str]:
        texts = value.get(name)
        if isinstance(texts, list) and texts and all(isinstance(text, str) for text in texts):
            return texts
        self.reasons.append(f"{where}: expected {name} as a list of texts, found {texts!r:.80}")
        return []


def _is_number(found: object) -> bool:
    return isinstance(found, int | float) and not isinstance(found, bool) and isfinite(found)
