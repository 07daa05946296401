"""What goes wrong before a pull begins."""

from pathlib import Path

import pytest

from pipeline.errors import (
    AccessDeniedError,
    SettingsError,
    UsageError,
)
from pipeline.partner import StoreCredentials, pull
from tests.partner.pulling import pull_it
from tests.releases import BUCKET, Draft
from tests.stores import partner_credentials


def test_a_version_that_does_not_exist_is_told_with_those_that_do(
    published: Draft, tmp_path: Path, credentials: StoreCredentials
) -> None:
    with pytest.raises(UsageError, match=r"has no release 9\.9\.9; there are: 1\.0\.0"):
        pull(f"s3://{BUCKET}/{published.manifest.name}", "9.9.9", tmp_path, credentials=credentials)


@pytest.mark.parametrize("source", ["firsthand", "s3://releases", "s3://releases/a/b", "https://x/y", "s3://-/x", ""])
def test_a_source_that_is_not_one_is_told_what_one_looks_like(
    source: str, tmp_path: Path, credentials: StoreCredentials
) -> None:
    with pytest.raises(UsageError, match="s3://BUCKET/NAME"):
        pull(source, "1.0.0", tmp_path, credentials=credentials)


def test_wrong_credentials_are_told_by_the_partner_s_settings(published: Draft, tmp_path: Path, home: Path) -> None:
    with pytest.raises(AccessDeniedError, match="FIRSTHAND_PARTNER_S3_ACCESS_KEY_ID") as error:
        pull_it(published, tmp_path, partner_credentials(home, secret_access_key="wrong-secret"))
    assert "wrong-secret" not in str(error.value)


def test_a_bucket_that_does_not_exist_is_named(tmp_path: Path, credentials: StoreCredentials) -> None:
    with pytest.raises(SettingsError, match="no-such-bucket does not exist"):
        pull("s3://no-such-bucket/firsthand", "1.0.0", tmp_path, credentials=credentials)


def test_a_folder_that_is_a_file_is_told(published: Draft, tmp_path: Path, credentials: StoreCredentials) -> None:
    (tmp_path / "dest").write_bytes(b"")
    with pytest.raises(UsageError, match="dest cannot be used: File exists"):
        pull_it(published, tmp_path / "dest", credentials)


def test_missing_settings_are_all_named() -> None:
    with pytest.raises(SettingsError) as error:
        StoreCredentials.from_environment({"FIRSTHAND_PARTNER_S3_REGION": "eu-west-2"})
    assert "FIRSTHAND_PARTNER_S3_ACCESS_KEY_ID, FIRSTHAND_PARTNER_S3_SECRET_ACCESS_KEY" in str(error.value)


def test_secrets_do_not_show_when_credentials_are_printed() -> None:
    assert "hush" not in repr(StoreCredentials("eu-west-2", "id", "hush", session_token="hush"))
