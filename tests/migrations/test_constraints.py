"""Rules that hold whatever the code does: for each CHECK, rows that it refuses, made of one that it took."""

from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from pipeline.records.tables import Row
from tests.migrations.conftest import Filled

NOT_A_DIGEST = ["", "0" * 63, "0" * 65, "A" * 64, "g" * 64, "0" * 64 + "\n", " " + "0" * 63, "\uff10" * 64]

NOBODY = "00000000-0000-0000-0000-000000000001"

REFUSED: dict[str, list[dict[str, Any]]] = {
    "ck_alignment_pairs_heard_or_refused": [{"heard": "{}", "refused": "{}"}, {"heard": None, "refused": None}],
    "ck_alignment_pairs_two_recordings": [{"first_id": NOBODY, "second_id": NOBODY}],
    "ck_alignment_stretches_method_known": [{"method": bad} for bad in ("", "guess")],
    "ck_alignment_stretches_ordinal_not_negative": [{"ordinal": -1}],
    "ck_alignment_stretches_placed_or_refused": [{"method": None}, {"placed": None}],
    "ck_alignment_stretches_reason_given": [{"reason": ""}],
    "ck_alignment_stretches_span_order": [{"start_num": 1, "start_den": 3, "end_num": 1, "end_den": 3}],
    "ck_alignment_stretches_span_shape": [{"start_num": -1}, {"end_den": 0}],
    "ck_alignments_inputs_digest_shape": [{"inputs_digest": bad} for bad in NOT_A_DIGEST],
    "ck_alignments_number_positive": [{"number": 0}],
    "ck_alignments_zero_uncertainty_shape": [{"zero_uncertainty_num": -1}, {"zero_uncertainty_den": 0}],
    "ck_allotments_ordinal_positive": [{"ordinal": 0}],
    "ck_allotments_purpose_known": [{"purpose": bad} for bad in ("", "Gold", "test")],
    "ck_allotments_taxonomy_digest_shape": [{"taxonomy_digest": bad} for bad in NOT_A_DIGEST],
    "ck_annotator_retirements_because_length": [{"because": "no"}, {"because": "x" * 501}],
    "ck_annotators_annotator_shape": [
        {"annotator": bad} for bad in ("", "Jane Doe", "annotator-", "annotator-" + "0" * 15, "annotator-" + "G" * 16)
    ],
    "ck_annotators_role_known": [{"role": bad} for bad in ("", "Annotator", "manager")],
    "ck_clip_warnings_because_length": [{"because": "no"}, {"because": "x" * 501}],
    "ck_clip_warnings_warned_by_shape": [{"warned_by": bad} for bad in ("", "J Doe", "x")],
    "ck_desk_tasks_clip_digest_shape": [{"clip_digest": bad} for bad in NOT_A_DIGEST],
    "ck_desk_tasks_not_shared": [{"desk": ""}],
    "ck_desk_tasks_taxonomy_digest_shape": [{"taxonomy_digest": bad} for bad in NOT_A_DIGEST],
    "ck_gold_clips_because_length": [{"because": "no"}, {"because": "x" * 501}],
    "ck_gold_clips_marked_by_shape": [{"marked_by": bad} for bad in ("", "J Doe", "x")],
    "ck_gold_clips_taxonomy_digest_shape": [{"taxonomy_digest": bad} for bad in NOT_A_DIGEST],
    "ck_referrals_answers_disagree": [{"annotation_ids": []}, {"annotation_ids": [UUID(NOBODY)]}],
    "ck_referrals_taxonomy_digest_shape": [{"taxonomy_digest": bad} for bad in NOT_A_DIGEST],
    "ck_softened_clips_clip_digest_shape": [{"clip_digest": bad} for bad in NOT_A_DIGEST],
    "ck_softened_clips_digest_shape": [{"digest": bad} for bad in NOT_A_DIGEST],
    "ck_softened_clips_not_empty": [{"size_bytes": 0}, {"size_bytes": -1}],
    "ck_annotation_tasks_clip_digest_shape": [{"clip_digest": bad} for bad in NOT_A_DIGEST],
    "ck_annotation_tasks_taxonomy_digest_shape": [{"taxonomy_digest": bad} for bad in NOT_A_DIGEST],
    "ck_annotations_lead_time_not_negative": [{"lead_time_s": -1}],
    "ck_annotations_labels_or_refusal": [
        {"labels": None, "refusal": None},
        {"labels": "{}", "refusal": "both"},
        # JSON's own null is a value to SQL.
        {"labels": "null", "refusal": "both"},
    ],
    "ck_annotations_taxonomy_digest_shape": [{"taxonomy_digest": bad} for bad in NOT_A_DIGEST],
    "ck_audits_counts_not_negative": [{"objects_checked": -1}, {"faults": -1}],
    "ck_byproducts_digest_shape": [{"digest": bad} for bad in NOT_A_DIGEST],
    "ck_byproducts_kind_known": [{"kind": bad} for bad in ("", "Sound", "subtitles")],
    "ck_byproducts_not_empty": [{"size_bytes": 0}],
    "ck_byproducts_ordinal_not_negative": [{"ordinal": -1}],
    "ck_clip_qualities_rule_version_positive": [{"rule_version": 0}],
    "ck_clip_encodings_digest_shape": [{"digest": bad} for bad in NOT_A_DIGEST],
    "ck_clip_encodings_frame_rate_positive": [{"frame_rate_num": 0}, {"frame_rate_den": 0}],
    "ck_clip_encodings_made_of_something": [{"inputs": []}],
    "ck_clip_encodings_not_empty": [{"size_bytes": 0}, {"frame_count": 0}, {"width_px": 0}, {"height_px": -1}],
    "ck_clip_encodings_recipe_digest_shape": [{"recipe_digest": bad} for bad in NOT_A_DIGEST],
    "ck_clip_renditions_digest_shape": [{"digest": bad} for bad in NOT_A_DIGEST],
    "ck_clip_renditions_not_empty": [{"size_bytes": 0}, {"frame_count": 0}, {"size_bytes": -1}],
    "ck_clock_readings_of_one_thing": [
        {"digest": None},
        {"upload_id": "00000000-0000-0000-0000-000000000001"},
    ],
    "ck_clock_readings_seconds_shape": [{"position_den": 0}, {"slack_den": 0}, {"slack_num": -1}],
    "ck_listenings_detector_digest_shape": [{"detector_digest": bad} for bad in NOT_A_DIGEST],
    "ck_listenings_kind_known": [{"kind": bad} for bad in ("", "Impulse", "music")],
    "ck_listenings_sound_digest_shape": [{"sound_digest": bad} for bad in NOT_A_DIGEST],
    "ck_sound_hints_ordinal_not_negative": [{"ordinal": -1}],
    "ck_sound_hints_score_range": [{"score": -0.01}, {"score": 1.01}, {"score": "NaN"}],
    "ck_sound_hints_span_order": [
        {"start_num": 1, "start_den": 3, "end_num": 1, "end_den": 3},
        {"start_num": 2, "start_den": 6, "end_num": 1, "end_den": 3},
        {"start_num": 2**62, "start_den": 2**61 - 1, "end_num": 2**62, "end_den": 2**61},
    ],
    "ck_sound_hints_span_shape": [{"start_num": -1}, {"start_num": -1, "start_den": 0}, {"end_den": 0}],
    "ck_quarantine_decisions_because_length": [{"because": "no"}, {"because": "x" * 501}],
    "ck_quarantine_decisions_decided_by_shape": [{"decided_by": bad} for bad in ("", "J Doe", "x", ".jd", "j\n")],
    "ck_quarantine_decisions_decision_known": [{"decision": "forgotten"}],
    "ck_recording_damages_frames_counted": [{"frames": 0}, {"frames_lost": -1}, {"frames": 1, "frames_lost": 2}],
    "ck_clips_ordinal_not_negative": [{"ordinal": -1}],
    "ck_clips_span_order": [
        {"start_num": 1, "start_den": 3, "end_num": 1, "end_den": 3},
        {"start_num": 2, "start_den": 6, "end_num": 1, "end_den": 3},
        {"start_num": 1, "start_den": 3, "end_num": 333, "end_den": 1000},
        # Their products do not fit into 64 bits.
        {"start_num": 2**62, "start_den": 2**61 - 1, "end_num": 2**62, "end_den": 2**61},
    ],
    "ck_clips_span_shape": [
        {"start_num": -1},
        {"start_num": -1, "start_den": 0},
        {"end_den": 0},
        {"end_den": -1, "end_num": 10},
    ],
    "ck_custody_events_leaf_hash_of_canonical": [{"leaf_hash": b"\0" * 32}, {"canonical": b"{}"}],
    "ck_duplicate_decisions_who_and_why": [{"decided_by": ""}, {"reason": ""}],
    "ck_duplicates_one_pair": [
        {"later_recording_id": None},
        {"earlier_recording_id": None, "later_recording_id": None},
        {"earlier_upload_id": NOBODY, "later_upload_id": NOBODY[:-1] + "2"},
    ],
    "ck_duplicates_two_things": [{"earlier_recording_id": NOBODY, "later_recording_id": NOBODY}],
    "ck_duplicates_verdict_known": [{"verdict": "distinct"}, {"verdict": ""}],
    "ck_exercise_declarations_digest_shape": [{"digest": bad} for bad in NOT_A_DIGEST],
    "ck_exercises_exercise_id_shape": [
        {"exercise_id": bad} for bad in ("", ".hidden", "-x", "a b", "a/b", "a\n", "ä", "x" * 65)
    ],
    "ck_dock_containers_kind_known": [{"kind": bad} for bad in ("", "Recording", "clip")],
    "ck_dock_objects_digest_shape": [{"digest": bad} for bad in NOT_A_DIGEST],
    "ck_dock_objects_md5_shape": [{"md5": bad} for bad in ("", "0" * 31, "0" * 33, "A" * 32, "g" * 32)],
    "ck_dock_objects_size_not_negative": [{"size_bytes": -1}],
    "ck_carried_annotations_mapping_digest_shape": [{"mapping_digest": bad} for bad in NOT_A_DIGEST],
    "ck_labelling_findings_kind_known": [{"kind": bad} for bad in ("", "Task_deleted", "answer")],
    "ck_labelling_findings_taxonomy_digest_shape": [{"taxonomy_digest": bad} for bad in NOT_A_DIGEST],
    "ck_media_gates_clip_digest_shape": [{"clip_digest": bad} for bad in NOT_A_DIGEST],
    "ck_readings_taxonomy_digest_shape": [{"taxonomy_digest": bad} for bad in NOT_A_DIGEST],
    "ck_task_renewals_clip_digest_shape": [{"clip_digest": bad} for bad in NOT_A_DIGEST],
    "ck_original_facts_kind_known": [{"kind": bad} for bad in ("", "Video", "film")],
    "ck_original_series_digest_shape": [{"series_digest": bad} for bad in NOT_A_DIGEST],
    "ck_original_series_size_positive": [{"size_bytes": 0}, {"size_bytes": -1}],
    "ck_originals_digest_shape": [{"digest": bad} for bad in NOT_A_DIGEST],
    "ck_originals_not_empty": [{"size_bytes": 0}, {"size_bytes": -1}],
    "ck_picture_anchors_hash_length": [{"hash": bytes(31)}, {"hash": b""}],
    "ck_picture_comparisons_candidates_not_negative": [{"candidates": -1}],
    "ck_picture_hashes_whole_hashes": [{"hashes": bytes(32)}, {"hashes": bytes(34)}],
    "ck_recording_joins_counts_shape": [{"start_frame": 0}, {"missing": -1}],
    "ck_recording_joins_gap_whole": [{"gap_num": None}, {"gap_den": None}],
    "ck_recording_joins_not_the_first": [{"ordinal": 0}],
    "ck_recording_joins_seconds_shape": [{"gap_den": 0}, {"uncertainty_num": -1}, {"uncertainty_den": 0}],
    "ck_recording_originals_ordinal_not_negative": [{"ordinal": -1}],
    "ck_recordings_duration_positive": [{"duration_num": 0}, {"duration_den": 0}, {"duration_num": -1}],
    "ck_recordings_frame_rate_positive": [{"frame_rate_num": 0}, {"frame_rate_den": 0}, {"frame_rate_den": -1}],
    "ck_release_seals_manifest_digest_shape": [{"manifest_digest": bad} for bad in NOT_A_DIGEST],
    "ck_releases_annotators_positive": [{"annotators_min": 0}],
    "ck_releases_name_shape": [{"name": bad} for bad in ("", "Upper", "-x", "a/b", "..", "x" * 64)],
    "ck_releases_taxonomy_digest_shape": [{"taxonomy_digest": bad} for bad in NOT_A_DIGEST],
    "ck_releases_version_shape": [
        {"version": bad} for bad in ("", "1", "1.0", "1.0.0.0", "v1.0.0", "1.0.0-a", "1.0.0\n")
    ],
    "ck_release_recipes_ordinal_not_negative": [{"ordinal": -1}],
    "ck_release_recipes_recipe_digest_shape": [{"recipe_digest": bad} for bad in NOT_A_DIGEST],
    "ck_renditions_digest_shape": [{"digest": bad} for bad in NOT_A_DIGEST],
    "ck_renditions_not_empty": [{"size_bytes": 0}, {"frame_count": 0}],
    "ck_renditions_recipe_digest_shape": [{"recipe_digest": bad} for bad in NOT_A_DIGEST],
    "ck_sound_comparisons_first_digest_shape": [{"first_digest": bad} for bad in NOT_A_DIGEST],
    "ck_sound_comparisons_second_digest_shape": [{"second_digest": bad} for bad in NOT_A_DIGEST],
    "ck_stream_digests_picture_digest_shape": [{"picture_digest": bad} for bad in NOT_A_DIGEST],
    "ck_stream_digests_sound_digest_shape": [{"sound_digest": bad} for bad in NOT_A_DIGEST],
    "ck_sightings_size_not_negative": [{"size_bytes": -1}],
    "ck_upload_cameras_camera_serial_shape": [{"camera_serial": bad} for bad in ("", ".x", "a b", "a\n", "x" * 65)],
    "ck_upload_cameras_named_by_shape": [{"named_by": bad} for bad in ("", "J Doe", "x", ".jd", "j\n")],
    "ck_uploads_chapter_number_range": [{"chapter_series": "GX0001", "chapter_number": bad} for bad in (-1, 10**9 + 1)],
    "ck_uploads_chapter_series_shape": [
        {"chapter_series": bad, "chapter_number": 1} for bad in ("", ".x", "a b", "a/b", "a\n", "ä", "x" * 129)
    ],
    "ck_uploads_chapter_whole": [{"chapter_series": "GX0001"}, {"chapter_number": 1}],
    "ck_uploads_claimed_digest_shape": [{"claimed_digest": bad} for bad in NOT_A_DIGEST],
    "ck_uploads_companion_kind_known": [{"companion_kind": bad} for bad in ("", "footage", "Still")],
    "ck_uploads_size_not_negative": [{"size_bytes": -1}],
}

CASES = [(name, changes) for name, cases in REFUSED.items() for changes in cases]


def table_of(constraint: str) -> str:
    found = [table for table in Row.metadata.tables if constraint.startswith(f"ck_{table}_")]
    return max(found, key=len)


def insert_changed(connection: "psycopg.Connection[Any]", table: str, changes: dict[str, Any]) -> None:
    """Insert the oldest row of a table again, with some of its columns changed."""
    columns = [column.name for column in Row.metadata.tables[table].columns]
    values = [sql.Placeholder(name) if name in changes else sql.Identifier(name) for name in columns]
    statement = sql.SQL("INSERT INTO {table} ({columns}) SELECT {values} FROM {table} LIMIT 1").format(
        table=sql.Identifier(table),
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        values=sql.SQL(", ").join(values),
    )
    connection.execute(statement, changes)


@pytest.mark.parametrize(("constraint", "changes"), CASES)
def test_a_row_that_breaks_the_rule_is_refused(filled: Filled, constraint: str, changes: dict[str, Any]) -> None:
    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        insert_changed(filled.owner, table_of(constraint), changes)
    assert refused.value.diag.constraint_name == constraint


@pytest.mark.parametrize("constraint", REFUSED)
def test_the_row_it_was_made_of_meets_only_its_own_twin(filled: Filled, constraint: str) -> None:
    """So it is the change that was refused, and nothing else about the row."""
    with pytest.raises(psycopg.errors.UniqueViolation):
        insert_changed(filled.owner, table_of(constraint), {})


def test_every_check_of_the_database_is_tried_here(filled: Filled) -> None:
    found = filled.owner.execute("SELECT conname FROM pg_constraint WHERE contype = 'c'").fetchall()
    assert {name for (name,) in found if name.startswith("ck_")} == set(REFUSED)


LIMITS = [
    ("exercises", {"exercise_id": "X"}),
    ("exercises", {"exercise_id": "0" + "._-aZ9" * 10 + "abc"}),
    ("uploads", {"upload_id": "00000000-0000-0000-0000-000000000001", "version_id": "v", "size_bytes": 0}),
    ("uploads", {"upload_id": "00000000-0000-0000-0000-000000000002", "version_id": "w", "claimed_digest": None}),
    ("releases", {"release_id": "00000000-0000-0000-0000-000000000001", "version": "10.200.3000"}),
    ("releases", {"release_id": "00000000-0000-0000-0000-000000000002", "name": "0" + "-a" * 31}),
    (
        "clips",
        {"clip_id": "00000000-0000-0000-0000-000000000001"}
        | {"start_num": 2**62, "start_den": 2**61, "end_num": 2**62, "end_den": 2**61 - 1},
    ),
]


@pytest.mark.parametrize(("table", "changes"), LIMITS)
def test_a_row_at_the_edge_of_a_rule_is_taken(filled: Filled, table: str, changes: dict[str, Any]) -> None:
    with filled.owner.transaction(force_rollback=True):
        insert_changed(filled.owner, table, changes)


def test_a_release_cannot_hold_a_clip_without_bytes(filled: Filled) -> None:
    elsewhere = {"rendition_id": "00000000-0000-0000-0000-000000000001"}
    another = "SELECT clip_id FROM clips WHERE clip_id NOT IN (SELECT clip_id FROM release_clips) LIMIT 1"
    (clip_id,) = filled.owner.execute(another).fetchone() or (None,)
    with pytest.raises(psycopg.errors.ForeignKeyViolation, match="clip_renditions"):
        insert_changed(filled.owner, "release_clips", elsewhere | {"clip_id": clip_id})
