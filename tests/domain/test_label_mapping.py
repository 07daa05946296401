import re
from fractions import Fraction

import pytest

from pipeline.domain import taxonomies
from pipeline.domain.label_mapping import LabelMapping
from pipeline.domain.labels import BoxPoint, BoxTrack, ChoiceAnswer, ClipLabels, EventLabel
from pipeline.domain.taxonomy import Taxonomy
from pipeline.domain.timeline import Span
from pipeline.errors import InvalidLabelsError, SettingsError
from tests.domain.test_taxonomy import WITH_MORE, small

OLD = small(*WITH_MORE)
NEW = small(
    *WITH_MORE,
    ('version = "1.2.3"', 'version = "2.0.0"'),
    ('extent = "span"', 'extent = "point"'),
    ('key = "bang"', 'key = "blast"'),
    ('{ key = "night"', '{ key = "dark"'),
)
KNOWN: dict[str, Taxonomy] = {OLD.name: OLD, NEW.name: NEW}
MAPPING = f"""
from = "small-1.2.3"
from_sha256 = "{OLD.digest}"
to = "small-2.0.0"
to_sha256 = "{NEW.digest}"
because = "Every bang was a blast; of smoke only the first sight is asked now."
complete = true

[events]
bang = "blast"
smoke = "smoke"

[boxes]
door = {{ dropped = "doors are not followed any more" }}

[answers.light]
day = "light.day"
night = "light.dark"
"""
FRAME_S = Fraction(1, 25)
NIGHT = [ChoiceAnswer("light", "night")]


def mapping(*changes: tuple[str, str]) -> LabelMapping:
    text = MAPPING
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return LabelMapping.parse(text, KNOWN)


def carried(labels: ClipLabels, using: LabelMapping | None = None) -> ClipLabels:
    return (using or mapping()).carry(labels, frame_s=FRAME_S, duration_s=Fraction(10))


def test_labels_say_in_new_words_what_they_said_in_old_ones() -> None:
    point = BoxPoint(Fraction(0), Fraction(1), Fraction(1), Fraction(1), Fraction(1), Fraction(0), True)
    said = ClipLabels.of(
        [EventLabel("bang", Span(Fraction(1), Fraction(2))), EventLabel("smoke", Span(Fraction(3), Fraction(9)))],
        NIGHT,
        [BoxTrack("door", (point,))],
    )
    assert carried(said) == ClipLabels.of(
        [
            EventLabel("blast", Span(Fraction(1), Fraction(2))),
            EventLabel("smoke", Span(Fraction(3), 3 + FRAME_S)),  # a point now: its onset
        ],
        [ChoiceAnswer("light", "dark")],
    )


def test_an_answer_that_is_left_without_what_is_required_is_not_carried() -> None:
    forgets = mapping(('night = "light.dark"', 'night = { dropped = "told apart anew" }'))
    with pytest.raises(InvalidLabelsError, match="question light has no answer"):
        carried(ClipLabels.of([], NIGHT), forgets)
    assert carried(ClipLabels.of([], [ChoiceAnswer("light", "day")]), forgets).choices


def test_a_word_that_the_old_taxonomy_never_had_is_not_carried() -> None:
    with pytest.raises(InvalidLabelsError, match=r"event thunder is not in small-1\.2\.3"):
        carried(ClipLabels.of([EventLabel("thunder", Span(Fraction(1), Fraction(2)))], NIGHT))


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        ('bang = "blast"\n', "", "event.bang: small-1.2.3 has it, and it is neither mapped nor dropped"),
        ('day = "light.day"\n', "", "answer.light.day: small-1.2.3 has it, and it is neither mapped nor dropped"),
        ('bang = "blast"', 'bang = "blast"\nthud = "blast"', "event.thud: small-1.2.3 does not have it"),
        ('bang = "blast"', 'bang = "bang"', "event.bang: small-2.0.0 does not have event.bang"),
        ('"light.dark"', '"light.night"', "answer.light.night: small-2.0.0 does not have answer.light.night"),
        ('"light.dark"', '"dark"', "answer.light.night: small-2.0.0 does not have answer.dark"),
        ('bang = "blast"', "bang = 3", 'events.bang: expected a key, or { dropped = "why" }, found 3'),
        ('bang = "blast"', 'bang = { dropped = " " }', 'events.bang: expected a key, or { dropped = "why" }'),
        ('from = "small-1.2.3"', 'from = "small-1.2.2"', "from: expected one of small-1.2.3, small-2.0.0, found"),
        (f'"{OLD.digest}"', f'"{NEW.digest}"', f"from_sha256: expected that of small-1.2.3, {OLD.digest}, found"),
        ("complete = true", 'complete = "yes"', "complete: expected true or false, found 'yes'"),
        ("complete = true", "complete = true\nhurry = 1", "hurry: nothing of this name is known"),
        ('because = "Every', 'why = "Every', "because: expected why, found None"),
        ("[events]", "[events]]", "expected TOML"),
        ("[answers.light]", "[answers]\nlight = 3\n[other.light]", "answers.light: expected a table, found 3"),
    ],
)
def test_each_mistake_is_told(old: str, new: str, mistake: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(mistake)):
        mapping((old, new))


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        mapping(('bang = "blast"\n', ""), ('day = "light.day"\n', ""), ("complete = true", "complete = 1"))
    assert len(str(caught.value).splitlines()) == 3


def test_a_point_never_becomes_a_span() -> None:
    backwards = MAPPING.replace("small-1.2.3", "@").replace("small-2.0.0", "small-1.2.3").replace("@", "small-2.0.0")
    backwards = backwards.replace(OLD.digest.hex, "@").replace(NEW.digest.hex, OLD.digest.hex)
    backwards = backwards.replace("@", NEW.digest.hex).replace('bang = "blast"', 'blast = "bang"')
    backwards = backwards.replace('night = "light.dark"', 'dark = "light.night"')
    with pytest.raises(SettingsError, match=r"^the mapping: event\.smoke: a point cannot become a span$"):
        LabelMapping.parse(backwards, KNOWN)


def test_every_mapping_that_comes_with_firsthand_can_be_read() -> None:
    names = [(one.source.name, one.target.name, one.complete) for one in taxonomies.mappings()]
    assert names == [("firearms-attack-1.0.0", "firearms-attack-1.1.0", True)]
