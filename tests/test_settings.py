from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from pipeline.errors import SettingsError
from pipeline.settings import ENV_FILE_NAME, Settings, home, load_settings

GOOD = {
    "FIRSTHAND_DATABASE_URL": "postgresql+psycopg://firsthand:pass-word@127.0.0.1:5432/firsthand",
    "FIRSTHAND_S3_ENDPOINT_URL": "http://127.0.0.1:8080",
    "FIRSTHAND_S3_REGION": "eu-west-2",
    "FIRSTHAND_S3_ACCESS_KEY_ID": "owner",
    "FIRSTHAND_S3_SECRET_ACCESS_KEY": "secret-key",
    "FIRSTHAND_S3_INTAKE_BUCKET": "intake",
    "FIRSTHAND_S3_ORIGINALS_BUCKET": "originals",
    "FIRSTHAND_S3_WORKING_BUCKET": "working",
    "FIRSTHAND_S3_RELEASES_BUCKET": "releases",
    "FIRSTHAND_LABELLING_S3_ACCESS_KEY_ID": "labelling",
    "FIRSTHAND_LABELLING_S3_SECRET_ACCESS_KEY": "key-of-the-labelling",
    "FIRSTHAND_LABEL_STUDIO_URL": "http://127.0.0.1:8081",
    "FIRSTHAND_LABEL_STUDIO_TOKEN": "secret-token",
    "FIRSTHAND_PSEUDONYM_KEY": "a-key-of-more-than-32-characters-for-names",
    "FIRSTHAND_PREFECT_API_URL": "http://127.0.0.1:4200/api",
    "FIRSTHAND_SCRATCH_DIR": "/srv/firsthand",
}
SECRETS = ("pass-word", "key-of-the-labelling", "secret-key", "secret-token", "a-key-of")
OPTIONAL = {"FIRSTHAND_S3_ENDPOINT_URL"}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[pytest.MonkeyPatch]:
    """Every setting is there and right; no env file."""
    monkeypatch.setenv("FIRSTHAND_HOME", str(tmp_path))
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def problem() -> str:
    with pytest.raises(SettingsError) as refused:
        load_settings()
    said = str(refused.value)
    assert not any(secret in said for secret in SECRETS)
    return said


@pytest.mark.usefixtures("environment")
def test_settings_come_from_the_environment() -> None:
    settings = load_settings()
    assert settings.database_url.get_secret_value() == GOOD["FIRSTHAND_DATABASE_URL"]
    assert settings.s3_region == "eu-west-2"
    assert settings.scratch_dir == Path("/srv/firsthand")
    assert settings.ingest_jobs >= 1
    assert settings.s3_release_reader is None


@pytest.mark.usefixtures("environment")
def test_secrets_do_not_show_and_settings_do_not_change() -> None:
    settings = load_settings()
    assert not any(secret in f"{settings!r} {settings} {settings.model_dump()}" for secret in SECRETS)
    with pytest.raises(ValidationError):
        settings.s3_region = "other"


def test_the_env_file_of_the_home_is_read_and_the_environment_wins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FIRSTHAND_HOME", str(tmp_path))
    (tmp_path / ENV_FILE_NAME).write_text("".join(f"{name}='{value}'\n" for name, value in GOOD.items()))
    monkeypatch.setenv("FIRSTHAND_S3_REGION", "elsewhere")
    settings = load_settings()
    assert settings.s3_region == "elsewhere"
    assert settings.s3_access_key_id == "owner"


@pytest.mark.parametrize("name", sorted(GOOD))
def test_a_missing_setting_is_named_with_what_was_expected(environment: pytest.MonkeyPatch, name: str) -> None:
    environment.delenv(name)
    if name in OPTIONAL:
        assert load_settings().s3_endpoint_url is None
        return
    said = problem()
    expected = Settings.model_fields[name.removeprefix("FIRSTHAND_").lower()].description
    assert f"{name}: Field required (expected: {expected})" in said
    assert said.count("FIRSTHAND_") == 1
    assert f"{ENV_FILE_NAME} does not exist: `firsthand up` writes it" in said


@pytest.mark.parametrize("name", sorted(set(GOOD) - OPTIONAL))
def test_an_empty_setting_is_a_missing_one(environment: pytest.MonkeyPatch, name: str) -> None:
    environment.setenv(name, "")
    assert f"{name}: Field required" in problem()


def test_all_mistakes_are_told_at_once(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("FIRSTHAND_S3_REGION")
    environment.setenv("FIRSTHAND_PREFECT_API_URL", "localhost:4200")
    environment.setenv("FIRSTHAND_INGEST_JOBS", "0")
    said = problem()
    assert [line.split(":")[0].strip() for line in said.splitlines() if line.startswith("  ")] == [
        "FIRSTHAND_S3_REGION",
        "FIRSTHAND_PREFECT_API_URL",
        "FIRSTHAND_INGEST_JOBS",
    ]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DATABASE_URL", "postgres://firsthand:pass-word@127.0.0.1/firsthand", "postgresql+psycopg://"),
        ("DATABASE_URL", "postgresql+psycopg://firsthand:pass-word@127.0.0.1:port/firsthand", "a number"),
        ("DATABASE_URL", "postgresql+psycopg://firsthand:pass-word@127.0.0.1:5432", "a database"),
        ("DATABASE_URL", "postgresql+psycopg://", "a host"),
        ("S3_ENDPOINT_URL", "127.0.0.1:8080", "http://"),
        ("LABEL_STUDIO_URL", "ftp://127.0.0.1", "http://"),
        ("PREFECT_API_URL", "4200", "http://"),
        ("PSEUDONYM_KEY", "a-key-of-too-few", "at least 32"),
        ("INGEST_JOBS", "0", "greater than 0"),
        ("INGEST_JOBS", "many", "integer"),
        ("FFMPEG_TIMEOUT_S", "-1", "greater than 0"),
        ("SANDBOX", "sometimes", "required"),
    ],
)
def test_a_wrong_setting_is_named_with_what_was_expected(
    environment: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    environment.setenv(f"FIRSTHAND_{name}", value)
    found = problem()
    assert f"  FIRSTHAND_{name}: " in found
    assert said in found


@pytest.mark.parametrize("password", ["a/b", "a#b", "a%25b", "%40", "a:b", "p\u00e4ss"])
def test_a_password_may_hold_what_urls_quote(environment: pytest.MonkeyPatch, password: str) -> None:
    environment.setenv("FIRSTHAND_DATABASE_URL", f"postgresql+psycopg://firsthand:{password}@db:5432/firsthand")
    assert password in load_settings().database_url.get_secret_value()


@pytest.mark.usefixtures("environment")
def test_a_home_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / ENV_FILE_NAME).write_bytes(b"FIRSTHAND_S3_REGION=\xff\xfe\n")
    assert f"FIRSTHAND_HOME: {tmp_path / ENV_FILE_NAME} cannot be read" in problem()


def test_the_home_is_that_of_the_environment_or_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FIRSTHAND_HOME", "elsewhere")
    assert home() == tmp_path / "elsewhere"
    monkeypatch.setenv("FIRSTHAND_HOME", "")
    assert home() == tmp_path / ".firsthand"
