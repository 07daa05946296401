import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from pathlib import Path
from uuid import UUID

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.digest import Sha256
from pipeline.domain.ids import ClipId, RecordingId
from pipeline.domain.keys import release_name
from pipeline.domain.release import (
    Candidate,
    Manifest,
    ReleaseFile,
    ReleaseSegment,
    TaxonomyRef,
    group_id,
    microseconds,
    select_clips,
    source_id,
)
from pipeline.domain.timeline import Span
from pipeline.domain.version import Version
from pipeline.errors import CustodyError, UsageError

GOLDEN = Path(__file__).parents[1] / "golden" / "manifest.json"

FILES = ReleaseFile.of("files.parquet", b"files", role="blobs", media_type="application/vnd.apache.parquet")
CLIPS = ReleaseFile.of("tables/clips.parquet", b"clips", role="table", media_type="application/vnd.apache.parquet")
WORDS = ReleaseFile.of("DATASHEET.md", "für Menschen".encode(), role="document", media_type="text/markdown")


def a_manifest(*files: ReleaseFile, created_at: datetime | None = None) -> Manifest:
    return Manifest.of(
        name=release_name("firsthand"),
        version=Version(1, 2, 0),
        created_at=created_at or datetime(2026, 11, 22, 18, 30, 5, 999_999, tzinfo=UTC),
        taxonomy=TaxonomyRef("firearms-training", "1.0.0", Sha256.of(b"taxonomy")),
        files=files or (CLIPS, WORDS, FILES),
    )


def a_clip_id(number: int) -> ClipId:
    return ClipId(UUID(int=number))


# The manifest


def test_the_manifest_is_as_partners_know_it() -> None:
    # REGENERATE_GOLDEN=1 writes it anew; then say in the CHANGELOG what partners will see.
    if os.environ.get("REGENERATE_GOLDEN"):
        GOLDEN.write_bytes(a_manifest().to_bytes())
    assert a_manifest().to_bytes() == GOLDEN.read_bytes()


def test_a_manifest_is_canonical_json() -> None:
    content = a_manifest().to_bytes()
    assert rfc8785.dumps(json.loads(content)) == content


@given(st.permutations([FILES, CLIPS, WORDS]), st.integers(-12, 12), st.integers(0, 999_999))
def test_the_same_content_gives_the_same_bytes(files: list[ReleaseFile], offset_hours: int, microsecond: int) -> None:
    sealed_at = datetime(2026, 11, 22, 18, 30, 5, microsecond, tzinfo=UTC)
    elsewhere = sealed_at.astimezone(timezone(timedelta(hours=offset_hours)))
    assert a_manifest(*files, created_at=elsewhere).digest == a_manifest().digest


def test_a_manifest_is_read_as_it_was_written() -> None:
    assert Manifest.parse(a_manifest().to_bytes()) == a_manifest()


def test_reading_passes_over_what_a_later_release_says_more() -> None:
    content = json.loads(a_manifest().to_bytes())
    content["previous"] = "1.1.0"
    content["files"][0]["crc64nvme"] = "…"
    assert Manifest.parse(json.dumps(content).encode()) == a_manifest()


def test_all_mistakes_are_told_at_once() -> None:
    content = json.loads(a_manifest().to_bytes())
    content["name"] = "../evil"
    content["version"] = "1.2"
    content["created_at"] = "yesterday"
    content["taxonomy"] = []
    content["files"][0]["path"] = "../../etc/passwd.d"
    content["files"][1]["sha256"] = "ABC"
    content["files"][1]["bytes"] = -1
    content["files"][2]["bytes"] = True
    content["files"][2]["role"] = "weapon"
    content["files"][2]["media_type"] = "nonsense"
    with pytest.raises(CustodyError) as error:
        Manifest.parse(json.dumps(content).encode())
    for place in (
        "release.json.name",
        "release.json.version",
        "release.json.created_at",
        "release.json.taxonomy: expected an object",
        "release.json.files[0].path",
        "release.json.files[1].sha256",
        "release.json.files[1].bytes",
        "release.json.files[2].bytes",
        "release.json.files[2].role",
        "release.json.files[2].media_type",
    ):
        assert place in str(error.value)


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff", b"[]", b"{", b"null", b'{"schema_version": NaN}', b'{"name": "a", "name": "b"}', b"[" * 100_000],
)
def test_what_is_no_manifest_is_refused_without_a_foreign_error(content: bytes) -> None:
    with pytest.raises(CustodyError, match=r"release\.json"):
        Manifest.parse(content)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["name", "files", "taxonomy", "schema_version", "path"]), inner)
        ),
    )
)
def test_no_json_gets_a_foreign_error_out_of_reading(value: object) -> None:
    with pytest.raises((CustodyError, UsageError)):
        Manifest.parse(json.dumps(value).encode())


def test_a_newer_schema_asks_for_a_newer_firsthand() -> None:
    content = json.loads(a_manifest().to_bytes()) | {"schema_version": 2}
    with pytest.raises(UsageError, match="install a newer one"):
        Manifest.parse(json.dumps(content).encode())


@pytest.mark.parametrize(
    "files",
    [
        (CLIPS,),
        (FILES, replace(FILES, path="tables/files.parquet")),
        (FILES, CLIPS, CLIPS),
        (FILES, CLIPS, replace(CLIPS, path="tables/clips.Parquet".lower(), size_bytes=1)),
        (FILES, WORDS, replace(WORDS, path="Datasheet.md")),
    ],
    ids=[
        "no list of clips",
        "two lists of clips",
        "a file twice",
        "a path twice",
        "two paths that are one on some disks",
    ],
)
def test_a_manifest_cannot_contradict_itself(files: tuple[ReleaseFile, ...]) -> None:
    with pytest.raises(ValueError, match="expected"):
        a_manifest(*files)


@pytest.mark.parametrize("path", ["release.json", "PULLED.json", "pulled.json"])
def test_a_manifest_cannot_list_what_the_layout_keeps_for_itself(path: str) -> None:
    with pytest.raises(ValueError, match="can list"):
        replace(WORDS, path=path)


# Rows


@given(st.fractions(0, 10**6), st.fractions(min_value=Fraction(1, 10**6), max_value=10**4))
def test_a_segment_keeps_its_span_exactly_and_rounds_it_by_half_a_microsecond_at_most(
    start: Fraction, length: Fraction
) -> None:
    span = Span(start, start + length)
    segment = ReleaseSegment.of(
        a_clip_id(1), "shot_fired", span, taxonomy_version="1.0.0", annotation_no=1, n_annotators=2
    )
    assert Span(Fraction(segment.start_num, segment.start_den), Fraction(segment.end_num, segment.end_den)) == span
    assert abs(Fraction(segment.start_us, 1_000_000) - span.start_s) <= Fraction(1, 2_000_000)
    assert segment.start_us <= segment.end_us


def test_microseconds_of_thirds_are_the_nearest() -> None:
    assert [microseconds(Fraction(n, 3)) for n in (1, 2, 3)] == [333_333, 666_667, 1_000_000]


def test_a_segment_has_the_same_id_whenever_it_is_made() -> None:
    def made(label: str) -> UUID:
        span = Span(Fraction(1), Fraction(2))
        return ReleaseSegment.of(
            a_clip_id(1), label, span, taxonomy_version="1", annotation_no=1, n_annotators=1
        ).segment_id

    assert made("reload") == made("reload")
    assert made("reload") != made("shot_fired")


def test_released_ids_are_stable_and_not_our_own() -> None:
    ours = RecordingId(UUID(int=7))
    assert source_id(ours) == source_id(ours)
    assert len({ours, source_id(ours), group_id(ours)}) == 3


# Eligibility


def test_a_clip_that_enough_people_labelled_without_mistakes_may_enter() -> None:
    selection = select_clips([Candidate(a_clip_id(1), frozenset({"a", "b"}))], annotators_min=2)
    assert (selection.chosen, selection.refusals) == ((a_clip_id(1),), ())


def test_every_reason_for_a_refusal_is_told() -> None:
    candidate = Candidate(a_clip_id(1), frozenset({"a"}), ("span ends before it begins",), "ffmpeg cannot read it")
    selection = select_clips([candidate], annotators_min=2)
    assert selection.chosen == ()
    assert [(refusal.reason, refusal.explanation) for refusal in selection.refusals] == [
        ("quarantined", "ffmpeg cannot read it"),
        ("too_few_annotators", "labelled by 1 of at least 2 annotators"),
        ("invalid_labels", "span ends before it begins"),
    ]


@given(
    st.lists(
        st.builds(
            Candidate,
            st.integers(0, 5).map(a_clip_id),
            st.frozensets(st.sampled_from("abc")),
            st.sampled_from([(), ("wrong",)]),
            st.sampled_from([None, "empty"]),
        ),
        unique_by=lambda candidate: candidate.clip_id,
    ),
    st.integers(1, 3),
)
def test_each_candidate_is_chosen_or_refused_and_never_both(candidates: list[Candidate], annotators_min: int) -> None:
    selection = select_clips(candidates, annotators_min=annotators_min)
    refused = {refusal.clip_id for refusal in selection.refusals}
    assert refused.isdisjoint(selection.chosen)
    assert refused | set(selection.chosen) == {candidate.clip_id for candidate in candidates}
    assert list(selection.chosen) == sorted(selection.chosen)


def test_a_release_of_clips_that_nobody_labelled_cannot_be_asked_for() -> None:
    with pytest.raises(ValueError, match="at least 1 annotator"):
        select_clips([Candidate(a_clip_id(1), frozenset())], annotators_min=0)
