import re
from dataclasses import replace

import pytest

from pipeline.domain import taxonomies
from pipeline.domain.digest import Sha256
from pipeline.domain.taxonomy import Taxonomy
from pipeline.domain.version import Version
from pipeline.errors import SettingsError

PUBLISHED = {
    "firearms-attack-1.0.0": "23a522dbe6b36e170e707b470cc6d13dd8cda329c624068575a53392067bcc75",
    "firearms-attack-1.1.0": "862da10ca43b3b604b8486655063c76ac5f092eec0dd1140e1a6c4fdb3f1bd52",
}
"""Labels were given under these words: a published taxonomy never changes."""

SMALL = """
id = "small"
version = "1.2.3"
title = "Small"
purpose = "To be read."

[[event]]
key = "bang"
name = "Bang"
extent = "point"
hotkey = "1"
colour = "#AA0000"
definition = "A bang."
inclusion = "Loud ones."
exclusion = "Quiet ones."

[[event]]
key = "smoke"
name = "Smoke"
extent = "span"
hotkey = "2"
colour = "#00AA00"
definition = "Smoke."
inclusion = "Any."
exclusion = "Fog."

[[question]]
key = "light"
name = "Light"
definition = "How light it is."
required = true
multiple = false
answers = [
    { key = "day", name = "Day", hotkey = "q", definition = "Light." },
    { key = "night", name = "Night", hotkey = "w", definition = "Dark." },
]
"""


def small(*changes: tuple[str, str]) -> Taxonomy:
    text = SMALL
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return Taxonomy.parse(text)


@pytest.mark.parametrize("name", taxonomies.available())
def test_no_published_taxonomy_has_changed(name: str) -> None:
    taxonomy_id, _, version = name.rpartition("-")
    assert taxonomies.load(taxonomy_id, Version.parse(version)).digest.hex == PUBLISHED[name]


def test_the_current_taxonomy_has_what_the_exercises_need() -> None:
    current = taxonomies.load()
    assert {kind.key for kind in current.events} >= {
        "firearm_visible",
        "firearm_drawn",
        "firearm_aimed",
        "shot_fired",
        "reload",
        "forced_entry",
        "hostage_held",
        "casualty",
        "verbal_command",
        "no_threat",
    }
    assert [question.key for question in current.questions] == [
        "threat_level",
        "viewpoint",
        "visibility",
        "simulated_weapon",
    ]


def test_a_taxonomy_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(SettingsError, match=r"firearms-attack-1\.1\.0, found 'firearms-attack-0\.9\.0'"):
        taxonomies.load("firearms-attack", Version(0, 9, 0))


def test_a_taxonomy_says_what_its_file_says() -> None:
    taxonomy = small()
    assert taxonomy.name == "small-1.2.3"
    assert [(kind.key, kind.extent, kind.hotkey) for kind in taxonomy.events] == [
        ("bang", "point", "1"),
        ("smoke", "span", "2"),
    ]
    question = taxonomy.question("light")
    assert question is not None
    assert question.required
    assert not question.multiple
    assert [answer.key for answer in question.answers] == ["day", "night"]
    assert taxonomy.event("fire") is None
    assert taxonomy.question("dark") is None


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        small(
            ('version = "1.2.3"', 'version = "1.2"'),
            ('extent = "point"', 'extent = "moment"'),
            ('colour = "#AA0000"', 'colour = "red"'),
            ('hotkey = "2"', 'hotkey = "1"'),
            ('key = "smoke"', 'key = "bang"'),
            ("required = true", 'required = "yes"'),
            ('exclusion = "Fog."', 'exclude = "Fog."'),
            ('name = "Night", ', ""),
        )
    told = str(caught.value)
    for mistake in (
        "version: expected a version",
        "event 1: extent: expected one of span, point, found 'moment'",
        "event 1: colour: expected text like #[0-9A-F]{6}, found 'red'",
        "event 2: exclusion: is missing",
        "event 2: exclude: nothing of this name is known",
        "question 1: required: expected true or false, found 'yes'",
        "question 1: answers 2: name: is missing",
        "event key 'bang' is used 2 times",
        "hotkey '1' is used 2 times",
    ):
        assert mistake in told
    assert len(told.splitlines()) == 9


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        ('name = "Smoke"', 'name = "Bang"', "event name 'Bang' is used 2 times"),
        ('colour = "#00AA00"', 'colour = "#AA0000"', "colour '#AA0000' is used 2 times"),
        ('hotkey = "q"', 'hotkey = "1"', "hotkey '1' is used 2 times"),
        ('key = "night"', 'key = "day"', "answer key of light 'day' is used 2 times"),
        ('name = "Night"', 'name = "Day"', "answer name of light 'Day' is used 2 times"),
        ('hotkey = "w"', 'hotkey = "ctrl+w"', "hotkey: expected text like [a-z0-9], found 'ctrl+w'"),
        ('key = "bang"', 'key = "Bang!"', "key: expected text like [a-z][a-z0-9_]{0,39}, found 'Bang!'"),
        ('title = "Small"', 'title = " "', "title: expected text, found ' '"),
        ('id = "small"', "id = 3", "id: expected text like [a-z][a-z0-9-]{0,23}, found 3"),
        ('exclusion = "Fog."', 'exclusion = "Fog."\npicture = "a.svg"', "event 2: picture_sha256: is missing"),
        ('exclusion = "Fog."', 'exclusion = "Fog."\npicture = "../a.svg"', "event 2: picture: expected text like"),
        (
            'exclusion = "Fog."',
            'exclusion = "Fog."\nsuggested_by = ["smell"]',
            "suggested_by: expected a list of texts",
        ),
        (
            'exclusion = "Fog."',
            'exclusion = "Fog."\nsuggested_by = ["bookmark:Big Bang"]',
            "suggested_by: expected a list",
        ),
    ],
)
def test_each_mistake_is_told(old: str, new: str, mistake: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(mistake)):
        small((old, new))


WITH_MORE = (
    ('exclusion = "Quiet ones."', 'exclusion = "Quiet ones."\nsuggested_by = ["impulse", "bookmark:big bang"]'),
    ('exclusion = "Fog."', f'exclusion = "Fog."\npicture = "smoke.svg"\npicture_sha256 = "{"0" * 64}"'),
    (
        "[[question]]",
        """[[box]]
key = "door"
name = "Door"
hotkey = "b"
colour = "#000000"
definition = "A door."
inclusion = "Open ones."
exclusion = "Windows."

[[question]]""",
    ),
)


def test_pictures_suggestions_and_boxes_are_part_of_what_a_taxonomy_says() -> None:
    taxonomy = small(*WITH_MORE)
    bang, smoke = taxonomy.events
    assert bang.suggested_by == ("impulse", "bookmark:big bang")
    assert smoke.picture is not None
    assert smoke.picture.file == "smoke.svg"
    assert taxonomy.box("door") == taxonomy.boxes[0]
    assert (taxonomy.is_point("bang"), taxonomy.is_point("smoke"), taxonomy.is_point("door")) == (True, False, False)
    digests = {small(change).digest for change in WITH_MORE}
    assert len(digests | {small().digest, taxonomy.digest}) == 5


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        (
            'name = "Smoke"\nextent',
            'name = "Smoke"\nsuggested_by = ["impulse"]\nextent',
            "suggestion 'impulse' is used 2",
        ),
        ('hotkey = "2"', 'hotkey = "b"', "hotkey 'b' is used 2 times"),
        ('colour = "#00AA00"', 'colour = "#000000"', "colour '#000000' is used 2 times"),
    ],
)
def test_boxes_and_suggestions_clash_with_nothing(old: str, new: str, mistake: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(mistake)):
        small(*WITH_MORE, (old, new))


def test_every_picture_of_a_published_taxonomy_is_the_one_that_was_meant() -> None:
    shown = [kind.picture for one in taxonomies.everything().values() for kind in one.events if kind.picture]
    assert len(shown) == len(taxonomies.load().events)
    for picture in shown:
        assert taxonomies.picture_bytes(picture).startswith(b"<svg ")
    with pytest.raises(SettingsError, match=r"picture nothing\.svg: expected it beside the taxonomy, found nothing"):
        taxonomies.picture_bytes(replace(shown[0], file="nothing.svg"))
    with pytest.raises(SettingsError, match=f"expected {'0' * 64}, found"):
        taxonomies.picture_bytes(replace(shown[0], digest=Sha256("0" * 64)))


def test_a_file_that_is_not_toml_is_told() -> None:
    with pytest.raises(SettingsError, match=r"mine\.toml: expected TOML"):
        Taxonomy.parse("id = ", source="mine.toml")


def test_the_digest_is_of_what_is_said_and_not_of_how_it_is_laid_out() -> None:
    assert small(("\n[[event]]", "\n# A remark.\n\n[[event]]")).digest == small().digest


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Loud ones.", "Very loud ones."),
        ('hotkey = "1"', 'hotkey = "3"'),
        ('version = "1.2.3"', 'version = "1.2.4"'),
        ("multiple = false", "multiple = true"),
        ('definition = "Dark."', 'definition = "Black."'),
    ],
)
def test_the_digest_changes_with_every_word(old: str, new: str) -> None:
    assert small((old, new)).digest != small().digest
