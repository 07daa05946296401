import dataclasses
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from label_studio_sdk.label_interface import LabelInterface

from pipeline.adapters.label_studio.config import (
    TITLE_MAX_CHARS,
    project_title,
    question_control,
    render_config,
    render_instruction,
)
from pipeline.domain import taxonomies
from pipeline.domain.labels import Taxonomy
from pipeline.domain.version import Version
from pipeline.errors import SettingsError

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
TAXONOMY = taxonomies.load()


def shown(taxonomy: Taxonomy) -> ET.Element:
    return ET.fromstring(render_config(taxonomy))  # noqa: S314 - our own words, a moment old


@pytest.mark.parametrize("name", taxonomies.available())
def test_what_annotators_see_is_what_it_was(name: str) -> None:
    taxonomy_id, _, version = name.rpartition("-")
    taxonomy = taxonomies.load(taxonomy_id, Version.parse(version))
    assert render_config(taxonomy) + "\n" == (GOLDEN / f"label_config_{name}.xml").read_text()


def test_the_timeline_labels_stand_above_the_video() -> None:
    tags = [element.tag for element in shown(TAXONOMY).iter()]
    assert tags.index("TimelineLabels") < tags.index("Video") < tags.index("Audio") < tags.index("Choices")


def test_picture_and_sound_are_in_step_at_the_rate_of_the_task() -> None:
    root = shown(TAXONOMY)
    video, audio = root.find(".//Video"), root.find(".//Audio")
    assert video is not None
    assert audio is not None
    assert (video.get("value"), video.get("frameRate"), video.get("sync")) == ("$video", "$fps", audio.get("name"))
    assert (audio.get("value"), audio.get("sync")) == ("$video", video.get("name"))


def test_every_word_of_the_taxonomy_is_there_with_its_key() -> None:
    root = shown(TAXONOMY)
    labels = {label.get("alias"): label for label in root.findall(".//TimelineLabels/Label")}
    assert list(labels) == [kind.key for kind in TAXONOMY.events]
    for kind in TAXONOMY.events:
        label = labels[kind.key]
        found = (label.get("value"), label.get("hotkey"), label.get("background"), label.get("hint"))
        assert found == (kind.name, kind.hotkey, kind.colour, kind.definition)
    for question in TAXONOMY.questions:
        choices = root.find(f".//Choices[@name='{question_control(question.key)}']")
        assert choices is not None
        assert choices.get("toName") == "video"
        assert choices.get("required") == "true"
        assert choices.get("choice") == ("multiple" if question.multiple else "single-radio")
        assert [(answer.get("alias"), answer.get("value"), answer.get("hotkey")) for answer in choices] == [
            (answer.key, answer.name, answer.hotkey) for answer in question.answers
        ]


def test_label_studios_own_reader_finds_the_keys() -> None:
    interface = LabelInterface(render_config(TAXONOMY))
    assert set(interface.get_control("events").labels) == {kind.key for kind in TAXONOMY.events}


def test_the_instruction_holds_every_definition() -> None:
    told = render_instruction(TAXONOMY)
    for kind in TAXONOMY.events:
        for words in (kind.name, kind.definition, kind.inclusion, kind.exclusion):
            assert words in told
    for question in TAXONOMY.questions:
        for answer in question.answers:
            assert f"<b>{answer.name}</b> [{answer.hotkey}]: {answer.definition}" in told


def test_words_cannot_become_markup() -> None:
    kind = dataclasses.replace(TAXONOMY.events[0], name="<b>A & B</b>", definition='say "x" <script>')
    taxonomy = dataclasses.replace(TAXONOMY, events=(kind,))
    label = shown(taxonomy).find(".//Label")
    assert label is not None
    assert (label.get("value"), label.get("hint")) == ("<b>A & B</b>", 'say "x" <script>')
    assert "<script>" not in render_instruction(taxonomy)


def test_a_hotkey_that_label_studio_has_taken_is_refused() -> None:
    kind = dataclasses.replace(TAXONOMY.events[0], hotkey="u")
    with pytest.raises(SettingsError, match=r"keeps the hotkeys u for itself; found Firearm visible \[u\]"):
        render_config(dataclasses.replace(TAXONOMY, events=(kind,)))


def test_every_title_is_short_enough_and_tells_versions_apart() -> None:
    longest = dataclasses.replace(TAXONOMY, taxonomy_id="a" * 24, version=Version(999, 999, 999))
    assert len(project_title(longest)) <= TITLE_MAX_CHARS
    assert project_title(longest).endswith(" 999.999.999")
