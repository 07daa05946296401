"""What the stack writes for the other programs."""

import subprocess
from pathlib import Path

import pytest
from dotenv import dotenv_values

from infra.local.env_files import partner_settings, pipeline_settings, write_env_files
from infra.local.site import Site
from infra.local.state import Secrets, State
from pipeline.settings import Settings


@pytest.fixture
def site(tmp_path: Path) -> Site:
    home = tmp_path / "a home with spaces"
    return Site(home, tmp_path / "tools", tmp_path / "project", State.load(home), Secrets(home / "secrets.json"))


def test_the_settings_are_those_that_the_pipeline_reads(site: Site) -> None:
    write_env_files(site)
    settings = Settings(_env_file=site.home / "firsthand.env")
    assert settings.database_url.get_secret_value() == site.database_url("firsthand", driver="postgresql+psycopg")
    assert settings.scratch_dir == site.home / "scratch"
    assert settings.scratch_dir.is_dir()


def test_every_setting_that_the_pipeline_needs_is_written(site: Site) -> None:
    needed = {f"FIRSTHAND_{name.upper()}" for name, field in Settings.model_fields.items() if field.is_required()}
    assert needed <= set(pipeline_settings(site))


def test_the_files_mean_the_same_to_a_shell_and_to_python(site: Site) -> None:
    write_env_files(site)
    path = site.home / "firsthand.env"
    script = 'set -a; . "$1"; printf %s "$FIRSTHAND_SCRATCH_DIR"'
    said = subprocess.run(["/bin/sh", "-c", script, "sh", path], check=True, capture_output=True, text=True).stdout
    assert said == dotenv_values(path)["FIRSTHAND_SCRATCH_DIR"] == str(site.home / "scratch")


def test_the_files_are_private_and_writing_them_again_changes_nothing(site: Site) -> None:
    write_env_files(site)
    before = {name: (site.home / name).read_text() for name in ("firsthand.env", "partner.env")}
    write_env_files(site)
    for name, text in before.items():
        assert (site.home / name).read_text() == text
        assert (site.home / name).stat().st_mode & 0o777 == 0o600


def test_the_partner_is_told_no_secret_but_its_own(site: Site) -> None:
    secrets_of_ours = {value for name, value in pipeline_settings(site).items() if "SECRET" in name or "TOKEN" in name}
    told = " ".join(partner_settings(site).values())
    assert len(secrets_of_ours) == 3
    assert not any(secret in told for secret in secrets_of_ours)
    assert site.secrets.of("postgres_firsthand") not in told


def test_a_moved_port_is_written(site: Site) -> None:
    write_env_files(site)
    site.state.ports["s3-proxy"] = 4321
    write_env_files(site)
    for name in ("firsthand.env", "partner.env"):
        assert "http://127.0.0.1:4321" in (site.home / name).read_text()
