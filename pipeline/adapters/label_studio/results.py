"""What does an answer from Label Studio say, in exact seconds, and can it be believed?

Label Studio checks nothing of what comes in through its API: unknown labels, ranges that end before they begin and
plain junk are all kept. So everything is checked here, and every reason told.

Rules kept here:

* Frames count from 1 and both ends belong to a range.
* A range counts frames at the rate that the player was given. So the rate and the digest that stand in the task now
  must be those of the clip that was sent out.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from math import ceil
from typing import Any, Final

from pipeline.adapters.label_studio.config import EVENTS, VIDEO, question_control
from pipeline.domain.digest import Sha256
from pipeline.domain.ids import ClipId
from pipeline.domain.labels import ChoiceAnswer, ClipLabels, EventLabel, Taxonomy
from pipeline.domain.timeline import Span
from pipeline.errors import InvalidLabelsError

OVERSHOOT_S: Final = Fraction(1, 10)
"""Label Studio takes the number of frames from the length of the file, whose sound may end a little after its last
picture (one packet of AAC at 16 kHz is 64 ms): ranges drawn to the end may count frames that are not there. Up to this
much is cut off; more is refused."""


@dataclass(frozen=True, slots=True)
class ReceivedAnnotation:
    """One annotator's answer to one task, as it was when it was read."""

    ls_task_id: int
    ls_annotation_id: int
    clip_id: ClipId
    annotator: int
    """Id of the account that answered; 0 when the account is gone."""
    created_at: datetime
    updated_at: datetime
    lead_time_s: float | None
    """How long the answer took, as the annotator's browser counted."""
    was_cancelled: bool
    """Whether the clip was skipped; then there is nothing to read."""
    result_json: str
    """The result as the server wrote it."""
    served_fps: str
    served_frame_rate: str
    served_digest: str
    """What the task's data say now; empty when they say nothing."""


@dataclass(frozen=True, slots=True)
class Readout:
    """What was read of a project."""

    answers: tuple[ReceivedAnnotation, ...]
    """The oldest change first."""
    held: Mapping[ClipId, frozenset[int]]
    """For each clip whose task was touched: the annotations that its tasks hold now. What we know and they do not hold
    may have been deleted; or it belongs to another task of the clip, which was not touched."""


def read_labels(
    received: ReceivedAnnotation, *, taxonomy: Taxonomy, frame_rate: Fraction, duration_s: Fraction, digest: Sha256
) -> ClipLabels:
    """The labels in an answer, on the clip's own timeline.

    Args:
        received: the answer.
        taxonomy: the words it may use.
        frame_rate: frames a second of the clip that was sent out.
        duration_s: length of that clip.
        digest: digest of the bytes of that clip.

    Raises:
        InvalidLabelsError: the message tells every reason why this answer cannot be taken.
    """
    reading = _Reading(frame_rate, duration_s)
    reading.check_served(received, digest)
    reading.read(received.result_json)
    labels = ClipLabels.of(reading.events, _with_keys(reading, taxonomy))
    if reasons := [*reading.reasons, *labels.misfits(taxonomy, duration_s)]:
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

    def __init__(self, frame_rate: Fraction, duration_s: Fraction) -> None:
        self._frame_rate = frame_rate
        self._duration_s = duration_s
        self._frames = ceil(duration_s * frame_rate)
        self.events: list[EventLabel] = []
        self.choices: list[ChoiceAnswer] = []
        self.reasons: list[str] = []

    def check_served(self, received: ReceivedAnnotation, digest: Sha256) -> None:
        rate = f"{self._frame_rate.numerator}/{self._frame_rate.denominator}"
        for what, expected, found in (
            ("frame rate", rate, received.served_frame_rate),
            ("fps", repr(float(self._frame_rate)), received.served_fps),
            ("digest", digest.hex, received.served_digest),
        ):
            if found != expected:
                self.reasons.append(
                    f"the task's {what} is not that of the clip: expected {expected}, found {found!r:.80}"
                )

    def read(self, result_json: str) -> None:
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
        if item.get("to_name") != VIDEO:
            self.reasons.append(f"{where}: expected it to be about {VIDEO!r}, found {item.get('to_name')!r:.80}")
        control, value = item.get("from_name"), item["value"]
        if item.get("type") == "timelinelabels" and control == EVENTS:
            self._events(where, value)
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
