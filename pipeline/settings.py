"""Which servers, which credentials, which limits: read once, wrong ones named at start.

Every setting is an environment variable `FIRSTHAND_<NAME>`. For the local stack `firsthand up` writes them to
`$FIRSTHAND_HOME/firsthand.env`, which is read first; a variable in the real environment wins over the file.
Nothing has a default that works only on a laptop.
"""

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, PositiveInt, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from pipeline.errors import SettingsError

ENV_FILE_NAME = "firsthand.env"


class Settings(BaseSettings):
    """Everything that differs between two places where Firsthand runs."""

    # An empty variable is one that somebody forgot to fill in: it counts as missing.
    model_config = SettingsConfigDict(
        env_prefix="FIRSTHAND_", env_ignore_empty=True, frozen=True, extra="ignore", hide_input_in_errors=True
    )

    database_url: SecretStr = Field(description="postgresql+psycopg://user:password@host:port/database")
    s3_endpoint_url: str | None = Field(default=None, description="URL of an S3 server; leave out for AWS")
    s3_region: str = Field(description="S3 region name, such as eu-west-2")
    s3_access_key_id: str = Field(description="S3 access key id")
    s3_secret_access_key: SecretStr = Field(description="S3 secret access key")
    s3_intake_bucket: str = Field(description="bucket that cameras and agencies upload to")
    s3_originals_bucket: str = Field(description="bucket of preserved originals")
    s3_working_bucket: str = Field(description="bucket of renditions and clips")
    s3_releases_bucket: str = Field(description="bucket that partners read")
    s3_release_reader: str | None = Field(
        default=None, description="canonical id given read on each released object, where the store has no policies"
    )
    s3_clip_reader: str | None = Field(
        default=None, description="canonical id given read on each clip, where the store has no policies"
    )
    labelling_s3_access_key_id: str = Field(
        description="S3 access key id that Label Studio signs with: it should read clips and nothing else"
    )
    labelling_s3_secret_access_key: SecretStr = Field(description="its S3 secret access key")
    label_studio_url: str = Field(description="URL of Label Studio")
    label_studio_token: SecretStr = Field(description="API token of a Label Studio user who may create projects")
    doorbell_url: str | None = Field(
        default=None,
        description="URL at which Label Studio reaches `firsthand annotate doorbell`, such as http://10.0.0.5:8444/",
    )
    pseudonym_key: SecretStr = Field(
        min_length=32,
        description="a secret of 32 characters or more that turns annotators into pseudonyms; never change it",
    )
    prefect_api_url: str = Field(description="URL of the Prefect API, ending in /api")
    scratch_dir: Path = Field(description="private folder on this machine for work in progress")
    ingest_jobs: PositiveInt = Field(
        default_factory=lambda: os.cpu_count() or 1, description="uploads that one flow run works on at once"
    )
    dock_user: str = Field(default="firsthand-dock", max_length=64, description="the name that docking stations use")
    dock_key: SecretStr | None = Field(
        default=None,
        min_length=16,
        max_length=64,
        description="the key that docking stations use, of 16 to 64 characters; made on first use when left out",
    )
    dock_url: str | None = Field(
        default=None, description="URL at which docking stations reach the dock, such as https://dock.example:8443"
    )
    dock_certificate: Path | None = Field(
        default=None, description="PEM file of the dock's certificate and its chain; made on first use when left out"
    )
    dock_certificate_key: Path | None = Field(default=None, description="PEM file of the key of dock_certificate")
    dock_categories: Path | None = Field(default=None, description="JSON file of the categories that bookmarks have")
    dock_private_key: Path | None = Field(
        default=None, description="PEM file, readable by its owner alone, of the key that opens encrypted footage"
    )
    dock_private_key_passphrase: SecretStr | None = Field(default=None, description="what opens dock_private_key")
    intake_file: Path | None = Field(
        default=None, description="a TOML file with this site's sources and naming conventions"
    )
    annotators_per_clip: PositiveInt = Field(default=2, description="how many people label each clip")
    exposure_limit_minutes: PositiveInt = Field(
        default=240, description="how long an annotator may be exposed to footage in a day (UTC), in minutes"
    )
    gold_every: int = Field(
        default=20, ge=0, description="one in so many clips that an annotator gets is a gold clip; 0 for none"
    )
    ffmpeg_timeout_s: PositiveInt = Field(default=4 * 3600, description="longest run of one ffmpeg, in seconds")
    sandbox: Literal["required", "when-possible"] = Field(
        default="when-possible",
        description="whether footage may be read where bubblewrap does not work: when-possible or required",
    )

    @field_validator("database_url")
    @classmethod
    def _speaks_psycopg(cls, url: SecretStr) -> SecretStr:
        if not url.get_secret_value().startswith("postgresql+psycopg://"):
            raise ValueError("expected a URL that begins with postgresql+psycopg://")
        try:
            parsed = make_url(url.get_secret_value())
        except (ArgumentError, ValueError):
            parsed = None  # what is wrong with it may be its password: nothing of it is shown
        if parsed is None or not parsed.host or not parsed.database:
            raise ValueError("expected a URL with a host, a port that is a number, and a database")
        return url

    @field_validator("s3_endpoint_url", "label_studio_url", "prefect_api_url", "dock_url", "doorbell_url")
    @classmethod
    def _is_http(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith(("http://", "https://")):
            raise ValueError("expected a URL that begins with http:// or https://")
        return url


def home() -> Path:
    """The folder of the local stack and its env file: `FIRSTHAND_HOME`, or `.firsthand` where the command runs."""
    return Path(os.environ.get("FIRSTHAND_HOME") or ".firsthand").absolute()


def load_settings() -> Settings:
    """Read the settings of this process.

    Raises:
        SettingsError: naming every missing or wrong variable and what was expected; values are never shown.
    """
    env_file = home() / ENV_FILE_NAME
    try:
        return Settings(_env_file=env_file)
    except (OSError, UnicodeDecodeError) as exc:
        raise SettingsError(f"FIRSTHAND_HOME: {env_file} cannot be read: {exc}") from exc
    except ValidationError as exc:
        lines = []
        for error in exc.errors(include_input=False, include_url=False):
            name = str(error["loc"][0])
            expected = Settings.model_fields[name].description
            lines.append(f"  FIRSTHAND_{name.upper()}: {error['msg']} (expected: {expected})")
        hint = (
            "" if env_file.exists() else f"\n{env_file} does not exist: `firsthand up` writes it for the local stack."
        )
        raise SettingsError("settings are missing or wrong:\n" + "\n".join(lines) + hint) from exc
