"""A clip remembers since which version it is there, and since which as it is."""

from uuid import UUID

from pipeline.domain.ids import AnnotationId, ClipId, RenditionId
from pipeline.domain.release.history import Content, History, history_of
from pipeline.domain.version import Version

CLIP = ClipId(UUID(int=1))
A = Content(RenditionId(UUID(int=2)), (AnnotationId(UUID(int=3)),))
B = Content(RenditionId(UUID(int=2)), (AnnotationId(UUID(int=4)),))


def v(text: str) -> Version:
    return Version.parse(text)


def test_a_clip_that_is_new_was_added_and_changed_now() -> None:
    assert history_of(CLIP, A, v("1.0.0"), []) == History(v("1.0.0"), v("1.0.0"))


def test_a_clip_that_stayed_as_it_was_keeps_its_versions() -> None:
    earlier = [(v("1.1.0"), {CLIP: A}), (v("1.0.0"), {CLIP: A})]
    assert history_of(CLIP, A, v("1.2.0"), earlier) == History(v("1.0.0"), v("1.0.0"))


def test_a_clip_whose_labels_changed_says_when_last() -> None:
    earlier = [(v("1.0.0"), {CLIP: A}), (v("2.0.0"), {CLIP: B})]
    assert history_of(CLIP, B, v("2.1.0"), earlier) == History(v("1.0.0"), v("2.0.0"))
    assert history_of(CLIP, A, v("3.0.0"), earlier) == History(v("1.0.0"), v("3.0.0"))


def test_versions_that_are_not_lower_do_not_count() -> None:
    assert history_of(CLIP, B, v("1.5.0"), [(v("2.0.0"), {CLIP: A})]) == History(v("1.5.0"), v("1.5.0"))
    assert history_of(CLIP, B, v("1.5.0"), [(v("1.10.0"), {CLIP: A})]) == History(v("1.5.0"), v("1.5.0"))
