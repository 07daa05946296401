"""The one place where settings become opened parts: the store, ffmpeg, Label Studio, the database, the clock.

Whatever starts work opens a workbench and hands its parts to steps. Parts are made on first use, so that a command
that needs only Postgres does not ask for Label Studio.
"""

import hmac
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache, cached_property
from typing import TYPE_CHECKING

from pipeline.adapters.facts.reader import SERIES_BYTES_MAX, FactReader
from pipeline.adapters.ffmpeg import ClipMaker, Ffmpeg, Limits
from pipeline.adapters.manifests.reader import ManifestReader
from pipeline.adapters.object_store import ObjectStore
from pipeline.adapters.sandbox import PARSER_LIMITS, Parsers, WallsHere, walls_here
from pipeline.adapters.scratch import Scratch
from pipeline.adapters.unsealing.keys import ContentKeys
from pipeline.domain import intake_rules, taxonomies
from pipeline.domain.clip import ClipPolicy
from pipeline.domain.doorbell import Doorbell
from pipeline.domain.file_name import NamingTable
from pipeline.domain.intake_rules import IntakeRules
from pipeline.domain.labels import Taxonomy
from pipeline.domain.quality import Floor
from pipeline.domain.recipe import VIEWING, Recipe
from pipeline.errors import SettingsError
from pipeline.logs import configure_logs
from pipeline.records import Database
from pipeline.settings import Settings, home, load_settings

if TYPE_CHECKING:
    from pipeline.adapters.label_studio import LabelStudio, S3Source
    from pipeline.adapters.listening import Listener
    from pipeline.domain.label_mapping import LabelMapping


OPENED_BYTES_MAX = 1 << 40
"""A clip is a few gigabytes; this keeps a child from filling any disk."""


class Workbench:
    """The opened parts of one process. Safe to share between threads."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime]) -> None:
        self.settings = settings
        self.clock = clock
        self.recipe: Recipe = VIEWING
        self.policy = ClipPolicy()
        self.floor = Floor()

    @property
    def _must_wall(self) -> bool:
        return self.settings.sandbox == "required"

    @cached_property
    def taxonomy(self) -> Taxonomy:
        """The taxonomy that new annotation tasks are made under."""
        return taxonomies.load()

    @cached_property
    def rules(self) -> IntakeRules:
        """Who puts what where in the intake bucket, and what file names say.

        Raises:
            SettingsError: the file that FIRSTHAND_INTAKE_FILE names cannot be read, or is wrong.
        """
        path = self.settings.intake_file
        if path is None:
            return intake_rules.everybody()
        try:
            if path.stat().st_size > intake_rules.SIZE_MAX_BYTES:
                raise SettingsError(
                    f"FIRSTHAND_INTAKE_FILE: expected at most {intake_rules.SIZE_MAX_BYTES} bytes: {path}"
                )
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as exc:
            raise SettingsError(f"FIRSTHAND_INTAKE_FILE: {path} cannot be read: {exc}") from exc
        return intake_rules.parse(text, source=path.name)

    @property
    def naming(self) -> NamingTable:
        """What file names of cameras and exports say."""
        return self.rules.naming

    @cached_property
    def store(self) -> ObjectStore:
        """The object store, with our own credentials."""
        return ObjectStore(
            endpoint_url=self.settings.s3_endpoint_url,
            region=self.settings.s3_region,
            access_key_id=self.settings.s3_access_key_id,
            secret_access_key=self.settings.s3_secret_access_key.get_secret_value(),
        )

    @cached_property
    def scratch(self) -> Scratch:
        """The private working folder on this machine."""
        return Scratch(self.settings.scratch_dir)

    @cached_property
    def media(self) -> Ffmpeg:
        """Ffmpeg within its limits."""
        limits = Limits(wall_s=self.settings.ffmpeg_timeout_s)
        return Ffmpeg(
            limits=limits, scratch=self.scratch.own, must_wall=self._must_wall, jobs=self.settings.ingest_jobs
        )

    @cached_property
    def maker(self) -> ClipMaker:
        """Makes clips for partners, within the same limits."""
        limits = Limits(wall_s=self.settings.ffmpeg_timeout_s)
        return ClipMaker(self.media, limits=limits, scratch=self.scratch.own, must_wall=self._must_wall)

    @cached_property
    def unsealing(self) -> Parsers:
        """Opens encrypted footage in a child, which writes files as long as footage is."""
        limits = replace(PARSER_LIMITS, file_bytes=OPENED_BYTES_MAX)
        return Parsers(scratch=self.scratch.own, limits=limits, must_wall=self._must_wall)

    @cached_property
    def content_keys(self) -> ContentKeys:
        """Our half of what encrypted footage is locked with."""
        passphrase = self.settings.dock_private_key_passphrase
        return ContentKeys(
            self.settings.dock_private_key or home() / "dock" / "content-private.pem",
            passphrase=passphrase.get_secret_value() if passphrase else None,
        )

    @cached_property
    def parsers(self) -> Parsers:
        """Parsers of sidecars, stills and telemetry, each in a child of its own."""
        return Parsers(scratch=self.scratch.own, must_wall=self._must_wall)

    @cached_property
    def manifests(self) -> ManifestReader:
        """Reader of what exports say about their files."""
        return ManifestReader(self.parsers, scratch=self.scratch.own)

    @cached_property
    def facts(self) -> FactReader:
        """Readers of telemetry, EXIF and tracks."""
        limits = replace(PARSER_LIMITS, file_bytes=SERIES_BYTES_MAX)
        return FactReader(Parsers(scratch=self.scratch.own, limits=limits, must_wall=self._must_wall))

    @cached_property
    def listener(self) -> "Listener":
        """Listens to the sound of recordings for shots and speech."""
        # NumPy takes a second to import, and twenty megabytes that the dock has no use for.
        from pipeline.adapters.listening import Listener  # noqa: PLC0415

        return Listener()

    @cached_property
    def labelling(self) -> "LabelStudio":
        """Label Studio, as the user who makes projects."""
        # Its SDK takes a second to import; most commands never ask Label Studio anything.
        from pipeline.adapters.label_studio import LabelStudio  # noqa: PLC0415

        return LabelStudio(self.settings.label_studio_url, token=self.settings.label_studio_token.get_secret_value())

    @cached_property
    def mappings(self) -> "tuple[LabelMapping, ...]":
        """What old labels are declared to mean in new words."""
        return taxonomies.mappings()

    @property
    def doorbell_secret(self) -> str:
        """What whoever rings must know. It leads back to no other secret: everybody in Label Studio can read it."""
        key = self.settings.pseudonym_key.get_secret_value().encode()
        return hmac.new(key, b"doorbell", "sha256").hexdigest()[:32]

    @cached_property
    def doorbell(self) -> Doorbell | None:
        """What Label Studio rings when something was answered; `None` where nobody listens."""
        url = self.settings.doorbell_url
        return Doorbell(url, self.doorbell_secret) if url else None

    @cached_property
    def clip_source(self) -> "S3Source":
        """Where Label Studio finds the clips that it shows."""
        from pipeline.adapters.label_studio import S3Source  # noqa: PLC0415  # as above

        return S3Source(
            bucket=self.settings.s3_working_bucket,
            endpoint_url=self.settings.s3_endpoint_url,
            region=self.settings.s3_region,
            access_key_id=self.settings.labelling_s3_access_key_id,
            secret_access_key=self.settings.labelling_s3_secret_access_key.get_secret_value(),
        )

    @cached_property
    def db(self) -> Database:
        """The Firsthand database."""
        # An upload in work holds two locks and at times a transaction: three connections.
        return Database(self.settings.database_url.get_secret_value(), pool_size=4 + 3 * self.settings.ingest_jobs)


@cache
def open_workbench() -> Workbench:
    """Open the workbench that this process's settings describe; the same one every time.

    Raises:
        SettingsError: a setting is missing or wrong; nothing was opened.
    """
    configure_logs()
    return Workbench(load_settings(), clock=lambda: datetime.now(UTC))


def walls() -> WallsHere:
    """Which walls stand around parsers on this machine, known without any setting."""
    return walls_here()


def ingest_jobs() -> int:
    """How many uploads one flow run works on at once, known before a workbench can be opened."""
    said = os.environ.get("FIRSTHAND_INGEST_JOBS") or str(os.cpu_count() or 1)
    if not said.isdecimal() or int(said) < 1:
        raise SettingsError(f"FIRSTHAND_INGEST_JOBS: expected a whole number from 1 on, found {said[:20]!r}")
    return int(said)
