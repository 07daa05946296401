"""A digest is of the bytes, however they come, and is nothing else."""

import hashlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.digest import DigestingChunks, Sha256


@given(st.lists(st.binary(max_size=4096), max_size=8))
def test_the_pieces_of_a_whole_have_the_digest_of_the_whole(pieces: list[bytes]) -> None:
    whole = b"".join(pieces)
    assert Sha256.of_chunks(pieces) == Sha256.of(whole) == Sha256.of_stream(io.BytesIO(whole))
    assert Sha256.of(whole).hex == hashlib.sha256(whole).hexdigest()
    assert Sha256.of(whole).raw == hashlib.sha256(whole).digest()


@given(st.lists(st.binary(max_size=4096), max_size=8))
def test_chunks_that_pass_by_are_digested_counted_and_unchanged(pieces: list[bytes]) -> None:
    passing = DigestingChunks(pieces)
    assert b"".join(passing) == b"".join(pieces)
    assert passing.digest == Sha256.of(b"".join(pieces))
    assert passing.size_bytes == sum(map(len, pieces))


@pytest.mark.parametrize("text", ["", "ab", "A" * 64, "g" * 64, "0" * 63, "0" * 65, "0" * 64 + "\n"])
def test_what_is_not_64_lower_case_hexadecimal_digits_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="64 lower-case"):
        Sha256(text)
