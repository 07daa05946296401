import dataclasses
import io
from dataclasses import replace
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.adapters.parquet import schema_of, table_bytes
from pipeline.domain.release import ReleaseBlob, ReleaseChoice, ReleaseClip, ReleaseSegment
from tests.releases import a_blob, a_clip, a_clip_id, a_segment

ANSWER = ReleaseChoice(a_clip_id(1), "lighting", "night", "1.0.0", 1, 2, "human")

FORBIDDEN = (
    "serial",
    "camera",
    "annotator_id",
    "annotator_name",
    "email",
    "file_name",
    "original_name",
    "path",
    "exercise",
)


def rows_of(content: bytes) -> list[dict[str, object]]:
    return pq.read_table(io.BytesIO(content)).to_pylist()


@settings(deadline=None, max_examples=20)
@given(st.permutations(range(6)))
def test_the_same_rows_give_the_same_bytes_in_any_order(order: list[int]) -> None:
    clips = [a_clip(number, b"%d" % number) for number in order]
    segments = [a_segment(number) for number in order]
    assert table_bytes(ReleaseClip, clips) == table_bytes(ReleaseClip, sorted(clips, key=lambda clip: clip.clip_id))
    assert table_bytes(ReleaseSegment, segments) == table_bytes(ReleaseSegment, [a_segment(n) for n in range(6)])


def test_a_partner_reads_every_value_as_it_was() -> None:
    clip = a_clip(2, b"clip")
    (row,) = rows_of(table_bytes(ReleaseClip, [clip]))
    assert row == {
        "clip_id": "00000000-0000-0000-0000-000000000002",
        "source_id": str(clip.source_id),
        "group_id": str(clip.group_id),
        "media_sha256": clip.media_sha256.raw,
        "media_bytes": 4,
        "rendition": "viewing",
        "duration_us": 10_010_000,
        "fps_num": 30_000,
        "fps_den": 1001,
        "frame_count": 300,
        "width": 2560,
        "height": 1920,
        "vcodec": "h264",
        "acodec": "aac",
        "has_audio": True,
        "source_in_us": 20_020_000,
        "source_out_us": 30_030_000,
        "label_state": "gold",
        "n_annotators": 2,
        "tier": "standard",
        "added_in": "1.0.0",
        "changed_in": "1.0.0",
    }
    (segment,) = rows_of(table_bytes(ReleaseSegment, [a_segment(1)]))
    assert [segment[name] for name in ("start_us", "start_num", "start_den", "end_us", "end_num", "end_den")] == [
        33_367,
        1001,
        30_000,
        66_733,
        1001,
        15_000,
    ]
    (answer,) = rows_of(table_bytes(ReleaseChoice, [ANSWER]))
    assert (answer["question"], answer["answer"]) == ("lighting", "night")
    (blob,) = rows_of(table_bytes(ReleaseBlob, [a_blob(1, b"clip")]))
    assert (blob["sha256"], blob["bytes"]) == (clip.media_sha256.raw, 4)


def test_a_clip_without_sound_has_no_codec_for_it() -> None:
    (row,) = rows_of(table_bytes(ReleaseClip, [a_clip(1, b"clip")]))
    assert (row["acodec"], row["has_audio"]) == (None, False)


@pytest.mark.parametrize("kind", [ReleaseBlob, ReleaseClip, ReleaseSegment, ReleaseChoice])
def test_a_table_without_rows_has_its_columns(kind: type) -> None:
    table = pq.read_table(io.BytesIO(table_bytes(kind, [])))
    assert table.num_rows == 0
    assert table.schema.names == [field.name for field in dataclasses.fields(kind)]


@pytest.mark.parametrize("kind", [ReleaseBlob, ReleaseClip, ReleaseSegment, ReleaseChoice])
def test_no_column_names_a_person_a_camera_or_a_file(kind: type) -> None:
    assert [name for name in schema_of(kind).names if any(word in name for word in FORBIDDEN)] == []


@pytest.mark.parametrize(
    "change", [{"width": 40_000}, {"duration_us": 2**63}, {"fps_num": -(2**40)}, {"vcodec": None}, {"height": 1.5}]
)
def test_a_value_that_does_not_fit_its_column_is_an_error(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(change))):
        table_bytes(ReleaseClip, [replace(a_clip(1, b"clip"), **change)])
