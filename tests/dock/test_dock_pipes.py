"""A large body on its way to the store: who digests it, and what happens when digests differ."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from pipeline.adapters.object_store import Arriving
from pipeline.dock.incoming import Hands, TakenIn, pass_through
from pipeline.errors import StoreUnavailableError
from pipeline.workbench import Workbench

BODY = bytes(range(256)) * 40_000
MD5 = hashlib.md5(BODY, usedforsecurity=False).hexdigest()


def arriving_at(bench: Workbench, key: str, *, guarded: bool) -> Arriving:
    """An object under way, over a way that guards bytes or does not."""
    arriving = bench.store.receive(bench.settings.s3_intake_bucket, f"dock/pipes/{key}", media_type="video/mp4")
    return replace(arriving, door=replace(arriving.door, guards_bytes=guarded))


def passed(arriving: Arriving, *, md5: str | None) -> TakenIn:
    """The body, passed through in uneven chunks."""

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(BODY), 300_001):
            yield BODY[start : start + 300_001]

    async def run() -> TakenIn:
        hands = Hands()
        try:
            return await pass_through(chunks(), arriving, hands, size_bytes=len(BODY), md5=md5)
        finally:
            hands.close()

    return asyncio.run(run())


@pytest.mark.parametrize("guarded", [True, False])
@pytest.mark.parametrize("announced", [None, MD5])
def test_a_body_has_the_same_digests_whoever_makes_them(bench: Workbench, guarded: bool, announced: str | None) -> None:
    arriving = arriving_at(bench, f"same-{guarded}-{announced is None}", guarded=guarded)
    taken = passed(arriving, md5=announced)
    assert (taken.md5, taken.digest.hex, taken.size_bytes) == (MD5, hashlib.sha256(BODY).hexdigest(), len(BODY))
    assert taken.finish is not None
    stored = taken.finish()
    assert bench.store.read(stored.bucket, stored.key, limit_bytes=len(BODY)) == BODY


@pytest.mark.parametrize(
    ("guarded", "announced", "is_relied_on"),
    [(True, None, True), (True, MD5, True), (False, MD5, True), (False, None, False)],
)
def test_the_store_is_relied_on_where_no_byte_can_change_unseen(
    bench: Workbench, guarded: bool, announced: str | None, is_relied_on: bool
) -> None:
    arriving = arriving_at(bench, "relied", guarded=guarded)
    assert arriving.begin(md5=announced) is is_relied_on
    arriving.abort()


def test_bytes_that_changed_on_the_way_never_become_an_object(bench: Workbench) -> None:
    arriving = arriving_at(bench, "changed", guarded=False)
    passed(arriving, md5=None)
    with pytest.raises(StoreUnavailableError, match="expected MD5"):
        arriving.finish_stream(size_bytes=len(BODY), md5="0" * 32)
    arriving.abort()
    assert bench.store.head(arriving.bucket, arriving.key) is None
