"""pull and verify from the command line: codes and words; what they do is in tests/partner."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.flows.cli.conftest import Ended, Run
from tests.furnished import Furnished
from tests.stack_fixtures import SessionStack


@pytest.fixture
def source(furnished: Furnished) -> str:
    return f"s3://{furnished.bench.settings.s3_releases_bucket}/attack-early"


@pytest.fixture
def pull(run: Run, source: str, postgres_s3_stack: SessionStack) -> Callable[..., Ended]:
    """As the partner, with the partner's settings and none of ours."""
    return lambda *words, **instead: run("pull", source, *words, **{**postgres_s3_stack.partner, **instead})


def test_a_release_is_pulled_and_verified_with_the_partners_settings_alone(
    run: Run, pull: Callable[..., Ended], tmp_path: Path
) -> None:
    words = [tmp_path, "--version", "1.0.0"]
    first, again = (pull(*words) for _ in range(2))
    assert (first.code, first.err) == (again.code, again.err) == (0, "")
    assert first.out.startswith("attack-early 1.0.0: 2 clips, ")
    assert "(0 files fetched now)" in again.out
    digest = first.out.split("manifest sha256 ")[1].split()[0]
    assert pull(*words, "--manifest", digest.upper()).code == 0
    shown = run("verify", tmp_path)
    assert (shown.code, shown.err) == (0, "")
    assert shown.out.startswith(f"attack-early 1.0.0: manifest sha256 {digest}\n")
    assert shown.out.endswith(" 0 faults\n")


def test_pulled_bytes_that_changed_end_with_3_and_are_named(
    run: Run, pull: Callable[..., Ended], tmp_path: Path
) -> None:
    pull(tmp_path, "--version", "1.0.0")
    spoiled = min(tmp_path.rglob("*.mp4"))
    spoiled.chmod(0o600)
    spoiled.write_bytes(b"spoiled")
    shown = run("verify", tmp_path)
    assert shown.code == 3
    assert spoiled.name in shown.err
    assert "1 of 9 files are not what was released" in shown.err
    assert "Traceback" not in shown.err


@pytest.mark.parametrize(
    ("words", "end"),
    [
        ("--version 9.9.9", (2, "has no release 9.9.9; there are: 1.0.0")),
        ("--version nine", (2, "found 'nine'")),
        (f"--version 1.0.0 --manifest {'0' * 64}", (3, f"expected a manifest with SHA-256 {'0' * 64}")),
        ("--version 1.0.0 --manifest zero", (2, "--manifest: a SHA-256 is 64")),
    ],
    ids=["no such version", "no version", "another manifest", "no digest"],
)
def test_what_cannot_be_pulled_is_told(
    pull: Callable[..., Ended], tmp_path: Path, words: str, end: tuple[int, str]
) -> None:
    pull(tmp_path, *words.split()).failed(*end)


def test_missing_and_wrong_credentials_end_with_4_and_name_the_settings(
    run: Run, pull: Callable[..., Ended], source: str, tmp_path: Path
) -> None:
    words = [tmp_path, "--version", "1.0.0"]
    run("pull", source, *words).failed(4, "FIRSTHAND_PARTNER_S3_REGION, FIRSTHAND_PARTNER_S3_ACCESS_KEY_ID")
    ended = pull(*words, FIRSTHAND_PARTNER_S3_SECRET_ACCESS_KEY="wrong")
    ended.failed(4, "AccessDenied", "FIRSTHAND_PARTNER_S3_ACCESS_KEY_ID")


def test_where_nothing_was_pulled_there_is_nothing_to_verify(run: Run, tmp_path: Path) -> None:
    run("verify", tmp_path / "nowhere").failed(2, "nowhere")
