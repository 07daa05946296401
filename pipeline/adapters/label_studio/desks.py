"""What does the project of a desk look like, beyond what its taxonomy shows?

Rules kept here:

* Every desk can show a clip softened, with the clip as it was filmed folded away above it: a browser fetches nothing
  of that before somebody unfolds it. On a task without, there is nothing to unfold.
* On the desk of adjudication the answers that disagree lie on the same timeline as locked marks, one letter for each
  person, in the colours of their labels; what they answered to questions stands above. Pseudonyms are not shown: who
  decides should not know whose answer it is. The locked marks come back with the adjudicator's own, and are told apart
  by the name of their control.
"""

import json
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Any, Final
from xml.etree import ElementTree as ET

from pipeline.adapters.label_studio.config import (
    EVENTS,
    TITLE_MAX_CHARS,
    VIDEO,
    escape,
    project_title,
    question_control,
    render_config,
)
from pipeline.adapters.label_studio.tasks import HINTS_VERSION, ClipTask
from pipeline.domain.desk import ADJUDICATION, SHARED, Desk
from pipeline.domain.digest import Sha256
from pipeline.domain.ids import ClipId
from pipeline.domain.labels import ClipLabels, Taxonomy
from pipeline.domain.timeline import Span

MOST_ANSWERS: Final = 6
"""Answers of more people than this are not all shown: nobody could tell them apart."""
_LETTERS: Final = ascii_uppercase[:MOST_ANSWERS]
_SAID: Final = "said"
_AS_FILMED: Final = "as_filmed"
_TITLE_HEX: Final = 8
_LOWER_VIDEO_PX: Final = 224
_HIGHER_TIMELINE_PX: Final = 190
"""Every mark takes a row of 24 pixels of the timeline: so seven are seen at once, with a free row above to draw a new
one in, and all that is needed still fits on a screen of 900 pixels."""

SHOWN_CONTROLS: Final = frozenset(f"{_SAID}_{letter.lower()}" for letter in _LETTERS)
"""The controls under which the answers of others are shown."""


def desk_title(taxonomy: Taxonomy, desk: Desk) -> str:
    """The title by which the project of a desk is found again."""
    if desk == SHARED:
        return project_title(taxonomy)
    name = desk if desk == ADJUDICATION else f"desk {desk[-16:][:_TITLE_HEX]}"
    return f"{project_title(taxonomy)[: TITLE_MAX_CHARS - len(name) - 1]} {name}"


def render_desk(taxonomy: Taxonomy, desk: Desk) -> str:
    """The labelling configuration of a desk, as XML."""
    if desk == SHARED:
        return render_config(taxonomy)
    root = ET.fromstring(render_config(taxonomy))  # noqa: S314  # what we have just written ourselves
    if desk == ADJUDICATION:
        _show_answers(root, taxonomy)
    root.insert(0, ET.Element("HyperText", name=_AS_FILMED, value=f"${_AS_FILMED}", inline="true"))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode")


def _show_answers(root: ET.Element, taxonomy: Taxonomy) -> None:
    root.insert(0, ET.Element("Header", value=f"${_SAID}", size="5", style="font-size: 14px; margin: 0;"))
    hidden = ET.Element("View", style="display: none;")
    for letter in _LETTERS:
        labels = ET.SubElement(hidden, "TimelineLabels", name=f"{_SAID}_{letter.lower()}", toName=VIDEO)
        for kind in taxonomy.events:
            shown = f"{letter}: {kind.name}"
            ET.SubElement(labels, "Label", value=shown, alias=f"{letter} {kind.key}", background=kind.colour)
    # What is disputed is when and what, never where in the picture: boxes would only push the questions off the screen.
    for boxes in root.findall("Labels"):
        root.remove(boxes)
        hidden.append(boxes)
    root.insert(2, hidden)
    for video in root.iter("Video"):
        video.set("height", str(_LOWER_VIDEO_PX))
        video.set("timelineHeight", str(_HIGHER_TIMELINE_PX))


@dataclass(frozen=True, slots=True)
class DeskTask:
    """A clip for the desk of one annotator."""

    clip: ClipTask
    softened_url: str | None = None
    """Bytes that are shown in the clip's place until somebody asks for it; same frames, same rate."""

    @property
    def clip_id(self) -> ClipId:
        """The clip."""
        return self.clip.clip_id

    def data(self) -> dict[str, str | int]:
        """The clip's, with what is folded away."""
        return self.clip.data() | _softened(self.clip, self.softened_url)

    def predictions(self) -> list[dict[str, Any]]:
        """Those of the clip."""
        return self.clip.predictions()


@dataclass(frozen=True, slots=True)
class DisputedTask:
    """A clip for the desk of adjudication."""

    clip: ClipTask
    said: tuple[ClipLabels, ...]
    """What people said of it; in an order that tells nothing of who they are."""
    agreed: ClipLabels
    """What they agree on: it stands in the adjudicator's answer from the start."""
    taxonomy: Taxonomy
    softened_url: str | None = None

    @property
    def clip_id(self) -> ClipId:
        """The clip."""
        return self.clip.clip_id

    def data(self) -> dict[str, str | int]:
        """The clip's, with a line of what was answered to the questions that they do not agree on."""
        return (
            self.clip.data()
            | _softened(self.clip, self.softened_url)
            | {_SAID: " \u00b7 ".join(self._lines()) or "They disagree on events only.", "hints": self._mark_of_all()}
        )

    def predictions(self) -> list[dict[str, Any]]:
        """One, of everybody's marks and of what is agreed."""
        items = [
            self._mark(f"{_SAID}_{letter.lower()}", f"{letter} {event.kind}", *self._range(event.span), locked=True)
            for letter, labels in zip(_LETTERS, self.said, strict=False)
            for event in labels.events
        ]
        items += [self._mark(EVENTS, event.kind, *self._range(event.span)) for event in self.agreed.events]
        answers: dict[str, list[str]] = {}
        for choice in self.agreed.choices:
            answers.setdefault(choice.question, []).append(choice.answer)
        items += [
            {"type": "choices", "from_name": question_control(question), "value": {"choices": given}}
            for question, given in answers.items()
        ]
        result = [
            {"id": f"said-{at}", "to_name": VIDEO, "origin": "prediction"} | item for at, item in enumerate(items)
        ]
        return [{"model_version": HINTS_VERSION, "result": result}] if result else []

    def _mark_of_all(self) -> str:
        """Tells one set of answers from another, so that what is drawn is drawn anew when somebody changes theirs."""
        return Sha256.of(json.dumps(self.predictions(), sort_keys=True).encode()).hex[:16]

    def _range(self, span: Span) -> tuple[int, int]:
        return span.to_label_studio_range(self.clip.frame_rate)

    @staticmethod
    def _mark(control: str, label: str, start: int, end: int, *, locked: bool = False) -> dict[str, Any]:
        value = {"ranges": [{"start": start, "end": end}], "timelinelabels": [label]}
        return {"type": "timelinelabels", "from_name": control, "value": value, "readonly": locked}

    def _lines(self) -> list[str]:
        lines = []
        for question in self.taxonomy.questions:
            names = {answer.key: answer.name for answer in question.answers}
            given = [
                ", ".join(names[choice.answer] for choice in labels.choices if choice.question == question.key)
                for labels in self.said
            ]
            if len(set(given)) > 1:
                told = ", ".join(f"{letter} {said or '-'}" for letter, said in zip(_LETTERS, given, strict=False))
                lines.append(f"{question.name}: {told}")
        return lines


def _softened(clip: ClipTask, softened_url: str | None) -> dict[str, str | int]:
    if softened_url is None:
        return {_AS_FILMED: ""}
    # Label Studio signs the address of an object wherever in a task's data it stands.
    folded = (
        "<details><summary>Distressing: shown without colour, detail and sound. Show it as it was filmed</summary>"
        f'<video controls preload="none" height="320" src="{escape(str(clip.data()[VIDEO]))}"></video></details>'
    )
    return {VIDEO: softened_url, _AS_FILMED: folded}
