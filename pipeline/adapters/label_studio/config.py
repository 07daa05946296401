"""How is a taxonomy shown to annotators in Label Studio?

Rules kept here:

* The timeline's labels stand above the video: below it, annotators scroll for every label they draw.
* Names are shown, keys come back: `alias` is what Label Studio writes into results.
* `frameRate` is always given, from the task: without it Label Studio counts 24 frames a second, and says nothing.
* The text depends on the taxonomy alone, so that the same taxonomy always gives the same project.
"""

from collections.abc import Mapping
from functools import partial
from html import escape as escape_html
from types import MappingProxyType
from typing import Final
from xml.etree import ElementTree as ET

from pipeline.domain.labels import BoxKind, EventKind, Question, Taxonomy
from pipeline.errors import SettingsError

VIDEO: Final = "video"
AUDIO: Final = "audio"
EVENTS: Final = "events"
BOXES: Final = "boxes"
_BOX_LABELS: Final = "box_labels"

TITLE_MAX_CHARS: Final = 50
"""Label Studio takes no longer title for a project."""

RESERVED_HOTKEYS: Final = frozenset({"u"})
"""Bare keys that Label Studio's editor has taken: `u` deselects a region. All others of its keys hold a modifier."""

_MEDIA_MIN_PX: Final = 700
"""The player's buttons take this much; in a narrower column they lie over what stands beside it."""
_SIDE_PX: Final = 138
_VIDEO_PX: Final = 330
_TIMELINE_PX: Final = 110
_AUDIO_PX: Final = 84
"""With these, labels, picture, timeline, sound and questions are all seen at once on a screen of 1440 by 900 pixels,
the list of tasks and the panel of regions being open; on a narrower one the questions move below the sound."""


escape = partial(escape_html, quote=False)
"""For text between tags, which is all that is escaped here: quotes may stand as they are."""


def project_title(taxonomy: Taxonomy) -> str:
    """The title by which a taxonomy's project is found again."""
    return f"Firsthand {taxonomy.taxonomy_id} {taxonomy.version}"[:TITLE_MAX_CHARS]


def question_control(question_key: str) -> str:
    """The name of a question's control; it cannot meet the name of the video, the sound or the timeline."""
    return f"clip_{question_key}"


def render_config(taxonomy: Taxonomy) -> str:
    """The labelling configuration of a taxonomy, as XML.

    Raises:
        SettingsError: a hotkey of the taxonomy means something else in Label Studio's editor.
    """
    _check_hotkeys(taxonomy)
    root = ET.Element("View")
    # Boxes, which few clips need, take no line of their own.
    row = ET.SubElement(root, "View", style="display: flex; align-items: flex-end;") if taxonomy.boxes else root
    labels = ET.SubElement(row, "TimelineLabels", name=EVENTS, toName=VIDEO)
    for kind in taxonomy.events:
        ET.SubElement(
            labels,
            "Label",
            value=kind.name,
            alias=kind.key,
            background=kind.colour,
            hotkey=kind.hotkey,
            hint=kind.definition,
        )
    if taxonomy.boxes:
        _add_boxes(row, taxonomy)
    columns = ET.SubElement(root, "View", style="display: flex; flex-wrap: wrap; gap: 8px; align-items: flex-start;")
    media = ET.SubElement(columns, "View", style=f"flex: 1 1 {_MEDIA_MIN_PX}px; min-width: 0;")
    ET.SubElement(
        media,
        "Video",
        name=VIDEO,
        value="$video",
        frameRate="$fps",
        sync=AUDIO,
        height=str(_VIDEO_PX),
        timelineHeight=str(_TIMELINE_PX),
    )
    ET.SubElement(media, "Audio", name=AUDIO, value="$video", sync=VIDEO, height=str(_AUDIO_PX))
    questions = ET.SubElement(columns, "View", style=f"flex: 0 0 {_SIDE_PX}px;")
    for question in taxonomy.questions:
        _add_question(questions, question)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode")


def render_instruction(taxonomy: Taxonomy, pictures: Mapping[str, str] = MappingProxyType({})) -> str:
    """What annotators are told before they begin, as HTML: every definition, with what belongs to it and what not.

    Blank lines are written out, because Label Studio shows lists and headings without any.

    Args:
        taxonomy: the words.
        pictures: where a browser finds the picture of an event, by the event's key.
    """
    parts = [
        f"<h3>{escape(taxonomy.title)} ({escape(taxonomy.name)})</h3>",
        *(f"<p>{escape(line)}</p>" for line in taxonomy.purpose.split("\n\n")),
        "<br><h4>Events, on the timeline</h4>",
        "<p>Press the key of a label, then drag along the empty line atop the timeline; click for one frame.</p>",
        "<p>On a mark, dragging moves it. While a mark is chosen, a key changes its label: press [u] first.</p>",
        "<ul>",
        *(_event_instruction(kind, pictures.get(kind.key)) for kind in taxonomy.events),
        "</ul>",
    ]
    if taxonomy.boxes:
        parts += ["<br><h4>Boxes, in the picture</h4>", "<ul>", *map(_box_instruction, taxonomy.boxes), "</ul>"]
    for question in taxonomy.questions:
        parts += [f"<br><h4>{escape(question.name)}</h4>", f"<p>{escape(question.definition)}</p>", "<ul>"]
        parts += [
            f"<li><b>{escape(answer.name)}</b> [{answer.hotkey}]: {escape(answer.definition)}</li>"
            for answer in question.answers
        ]
        parts.append("</ul>")
    return "\n".join(parts)


def _add_boxes(root: ET.Element, taxonomy: Taxonomy) -> None:
    ET.SubElement(root, "VideoRectangle", name=BOXES, toName=VIDEO)
    labels = ET.SubElement(root, "Labels", name=_BOX_LABELS, toName=VIDEO)
    for kind in taxonomy.boxes:
        words = {"value": kind.name, "alias": kind.key, "background": kind.colour, "hotkey": kind.hotkey}
        ET.SubElement(labels, "Label", words, hint=f"Box. {kind.definition}")


def _add_question(parent: ET.Element, question: Question) -> None:
    ET.SubElement(parent, "Header", value=question.name, size="5", style="font-size: 14px; margin: 4px 0 0;")
    choices = ET.SubElement(
        parent,
        "Choices",
        name=question_control(question.key),
        toName=VIDEO,
        choice="multiple" if question.multiple else "single-radio",
        layout="vertical",
    )
    if question.required:
        choices.set("required", "true")
        choices.set("requiredMessage", f"Please answer: {question.name}")
    for answer in question.answers:
        ET.SubElement(
            choices, "Choice", value=answer.name, alias=answer.key, hotkey=answer.hotkey, hint=answer.definition
        )


def _box_instruction(kind: BoxKind) -> str:
    return (
        f"<li><b>{escape(kind.name)}</b> [{kind.hotkey}]: {escape(kind.definition)}"
        f"<br>Yes: {escape(kind.inclusion)}<br>No: {escape(kind.exclusion)}<br><br></li>"
    )


def _event_instruction(kind: EventKind, picture: str | None) -> str:
    shown = f'<br><img src="{escape_html(picture)}" alt="{escape_html(kind.name)}">' if picture else ""
    extent = "a single frame" if kind.extent == "point" else "from its beginning to its end"
    return (
        f"<li><b>{escape(kind.name)}</b> [{kind.hotkey}], {extent}: {escape(kind.definition)}"
        f"<br>Yes: {escape(kind.inclusion)}<br>No: {escape(kind.exclusion)}{shown}<br><br></li>"
    )


def _check_hotkeys(taxonomy: Taxonomy) -> None:
    used = [(kind.name, kind.hotkey) for kind in taxonomy.events]
    used += [(kind.name, kind.hotkey) for kind in taxonomy.boxes]
    used += [(answer.name, answer.hotkey) for question in taxonomy.questions for answer in question.answers]
    if taken := [f"{name} [{hotkey}]" for name, hotkey in used if hotkey in RESERVED_HOTKEYS]:
        raise SettingsError(
            f"{taxonomy.name}: Label Studio keeps the hotkeys {', '.join(sorted(RESERVED_HOTKEYS))} for itself; "
            f"found {', '.join(taken)}"
        )
