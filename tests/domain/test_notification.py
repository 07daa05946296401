import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.notification import RECORDS_MAX, SIZE_MAX_BYTES, keys_in_event
from pipeline.errors import UsageError


def record(
    key: object = "drops/a/b/1.mp4", *, bucket: str = "intake", name: str = "ObjectCreated:Put"
) -> dict[str, Any]:
    return {
        "eventVersion": "2.1",
        "eventName": name,
        "s3": {"bucket": {"name": bucket}, "object": {"key": key, "size": 1}},
    }


def event(*records: object) -> bytes:
    return json.dumps({"Records": records}).encode()


def test_keys_of_our_bucket_are_found_once_each_as_they_are() -> None:
    text = event(
        record("drops/a/b/%C3%9Cbung+1%2B.mp4"),
        record("drops/a/b/%C3%9Cbung+1%2B.mp4", name="s3:ObjectCreated:CompleteMultipartUpload"),
        record("drops/a/b/2.mp4", bucket="elsewhere"),
        record("drops/a/b/3.mp4", name="ObjectRemoved:Delete"),
        record("drops/a/b/4.mp4"),
    )
    assert keys_in_event(text, bucket="intake") == ("drops/a/b/Übung 1+.mp4", "drops/a/b/4.mp4")


@pytest.mark.parametrize(
    "strange",
    [None, 1, "s3", {}, {"s3": {}}, {"s3": {"bucket": "intake", "object": {"key": "a"}}}, record(None), record(""),
     record("x" * 1025), record("a%00b"), record("\ud800")],
)  # fmt: skip
def test_what_is_no_record_of_ours_is_passed_over(strange: object) -> None:
    assert keys_in_event(event(strange, record("good")), bucket="intake") == ("good",)


@pytest.mark.parametrize(
    "text",
    [b"", b"[]", b"{", b'{"Records": 1}', b"\xff", b"[" * 100_000, b" " * (SIZE_MAX_BYTES + 1),
     b'{"Records": [' + b"0," * RECORDS_MAX + b"0]}"],
)  # fmt: skip
def test_what_is_no_event_is_told(text: bytes) -> None:
    with pytest.raises(UsageError):
        keys_in_event(text, bucket="intake")


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["s3", "bucket", "name", "object", "key"]), inner)
    ),
    max_leaves=20,
)


@given(st.lists(anything, max_size=5))
def test_any_records_give_keys_or_nothing_and_never_a_fault(records: list[object]) -> None:
    assert all(isinstance(key, str) for key in keys_in_event(event(*records), bucket="intake"))
