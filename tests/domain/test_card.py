import pytest

from pipeline.domain import naming
from pipeline.domain.card import summarise

TABLE = naming.load()


@pytest.mark.parametrize(
    ("files", "left_behind", "summary"),
    [
        ([], 0, "0 recordings, 0 companions, 0 files left behind"),
        (
            ["a/GX010001.MP4", "a/GX020001.MP4", "a/GX010001.THM"],
            1,
            "1 recording in 2 files, 1 companion, 1 file left behind",
        ),
        (["a/GX010001.MP4", "b/GX010001.MP4"], 0, "2 recordings, 0 companions, 0 files left behind"),
        (["a/x.mp4", "a/x.mp4", "a/y.jpg", "a/z.srt"], 0, "2 recordings, 2 companions, 0 files left behind"),
    ],
)
def test_a_card_is_counted_as_a_person_would(files: list[str], left_behind: int, summary: str) -> None:
    named = [(folder, TABLE.read(name)) for folder, _, name in (file.partition("/") for file in files)]
    assert str(summarise(named, left_behind=left_behind)) == summary
