from typing import get_args
from uuid import UUID

import pytest

from pipeline.domain.audit import ThingKind
from pipeline.domain.ids import UploadId
from pipeline.errors import UsageError
from pipeline.lookup.naming import SHORTEST_PREFIX, Ref, resolve
from pipeline.records import Database, footage
from tests.builders import EXERCISE, an_upload
from tests.furnished import Furnished


def refs_of(furnished: Furnished) -> dict[ThingKind, Ref]:
    chain = furnished.chain
    names = {
        "exercise": EXERCISE,
        "upload": chain.upload.upload_id,
        "original": chain.original.digest,
        "recording": chain.recording.recording_id,
        "rendition": chain.rendition.rendition_id,
        "clip": chain.clips[0].clip_id,
        "encoding": furnished.encoding.encoding_id,
        "annotation": furnished.annotations[0],
        "release": furnished.published,
    }
    return {kind: Ref(kind, str(names[kind])) for kind in get_args(ThingKind)}


@pytest.mark.parametrize("kind", get_args(ThingKind))
def test_everything_is_found_by_its_whole_name(furnished: Furnished, kind: ThingKind) -> None:
    ref = refs_of(furnished)[kind]
    assert resolve(furnished.bench.db, ref.thing_id) == ref


@pytest.mark.parametrize("kind", sorted(set(get_args(ThingKind)) - {"exercise"}))
def test_an_id_is_found_by_its_beginning_in_either_case(furnished: Furnished, kind: ThingKind) -> None:
    ref = refs_of(furnished)[kind]
    for text in (ref.thing_id[:8], ref.thing_id[:8].upper(), ref.thing_id[:13]):
        assert resolve(furnished.bench.db, text) == ref


def test_a_release_is_found_by_name_and_version(furnished: Furnished) -> None:
    assert resolve(furnished.bench.db, "attack-early@1.0.0") == Ref("release", str(furnished.published))
    assert resolve(furnished.bench.db, "attack-early@1.1.0") == Ref("release", str(furnished.drafted))


@pytest.mark.parametrize("text", ["", "zzzzzzzz", "EX", "attack-early", "attack-early@9.9.9", "@", "%", "____"])
def test_what_names_nothing_is_told_with_what_would(furnished: Furnished, text: str) -> None:
    with pytest.raises(UsageError, match=r"nothing is called .*expected an exercise id, a release as NAME@VERSION"):
        resolve(furnished.bench.db, text)


def test_what_is_no_text_names_nothing(furnished: Furnished) -> None:
    """A shell passes on whatever was typed; what is not UTF-8 arrives as halves of surrogate pairs."""
    with pytest.raises(UsageError, match="expected text in UTF-8, found"):
        resolve(furnished.bench.db, "clip \udcff")


def test_too_few_characters_name_nothing_even_if_only_one_thing_begins_so(furnished: Furnished) -> None:
    text = str(furnished.published)
    with pytest.raises(UsageError):
        resolve(furnished.bench.db, text[: SHORTEST_PREFIX - 1])


def test_a_beginning_that_several_things_share_names_them(db: Database) -> None:
    one = an_upload("one")
    twin = an_upload("twin", upload_id=UploadId(UUID(int=one.upload_id.int ^ 1)))
    with db.begin() as session:
        footage.add_upload(session, one)
        footage.add_upload(session, twin)
    with pytest.raises(UsageError, match=r"names 2 things: upload .*, upload .*\. Give more characters"):
        resolve(db, str(one.upload_id)[:8])
    assert resolve(db, str(one.upload_id)) == Ref("upload", str(one.upload_id))
