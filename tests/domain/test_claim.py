from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.claim import UploadClaim
from pipeline.domain.companion import COMPANION_KINDS

names = st.text(st.characters(categories=("L", "M", "N", "P", "S")), min_size=1, max_size=255)
times = st.datetimes(timezones=st.just(UTC))
claims = st.builds(
    UploadClaim,
    original_name=st.none() | names,
    size_bytes=st.none() | st.integers(0, 2**50),
    modified_at=st.none() | times,
    started_at=st.none() | times,
    sent_at=st.none() | times,
    companion_kind=st.none() | st.sampled_from(COMPANION_KINDS),
    base_name=st.none() | names.map(str.upper).filter(lambda name: len(name) < 250),
    folder=st.none() | st.just("100GOPRO"),
)


@given(claims)
def test_a_claim_arrives_as_it_was_made(claim: UploadClaim) -> None:
    assert UploadClaim.from_metadata(claim.to_metadata()) == claim


def test_times_travel_in_utc() -> None:
    winter = datetime(2026, 11, 22, 19, 0, tzinfo=timezone(timedelta(hours=1)))
    assert UploadClaim(sent_at=winter).to_metadata() == {"sent-at": "2026-11-22T18:00:00+00:00"}


@pytest.mark.parametrize(
    ("said", "kept"),
    [("a\x00b\n\x1b[31m.mp4", "ab[31m.mp4"), ("\u202e4pm.exe", "4pm.exe"), ("x" * 1000, "x" * 255), ("\n", None)],
)
def test_a_name_loses_what_no_file_name_needs(said: str, kept: str | None) -> None:
    assert UploadClaim.from_metadata({"original-name": said}) == UploadClaim(original_name=kept)


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"original-name": ""},
        {"size-bytes": "many", "modified-at": "yesterday", "sent-at": ""},
        {"size-bytes": "-1", "sent-at": "2026-11-22T18:00:00"},
        {"size-bytes": "9" * 5000, "sent-at": "9999-12-31T23:59:59-23:00"},
        {"size-bytes": "٣"},
    ],
)
def test_what_cannot_be_read_was_not_said(metadata: dict[str, str]) -> None:
    assert UploadClaim.from_metadata(metadata) == UploadClaim()
