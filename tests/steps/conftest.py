"""The steps on real servers and real ffmpeg, and small footage to carry through them."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from pipeline.records import custody
from pipeline.workbench import Workbench
from tests.adapters.label_studio.conftest import Account
from tests.benches import raw_client
from tests.footage import make_trait
from tests.stages import Stages

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from tests.stack_fixtures import SessionStack  # loaded later, as a plugin whose asserts pytest rewrites

Events = Callable[[object], list[tuple[str, dict[str, Any]]]]
"""The custody events of a thing: kind and details, oldest first."""

Footage = Callable[[str], Path]
"""Footage with one trait or fault, by its name; each made once."""


@pytest.fixture
def stages(bench: Workbench) -> Stages:
    return Stages(bench)


@pytest.fixture(scope="module")
def raw(bench: Workbench) -> "S3Client":
    return raw_client(bench)


@pytest.fixture(scope="session")
def footage_named(tmp_path_factory: pytest.TempPathFactory) -> Footage:
    folder = tmp_path_factory.mktemp("footage")
    made: dict[str, Path] = {}

    def make(trait: str) -> Path:
        if trait not in made:
            made[trait] = make_trait(trait, folder / trait)
        return made[trait]

    return make


@pytest.fixture
def events(bench: Workbench) -> Events:
    def of(thing_id: object) -> list[tuple[str, dict[str, Any]]]:
        with bench.db.begin() as session:
            found = custody.events_of(session, str(thing_id))
        return [(kind, json.loads(canonical)["details"]) for _, kind, _, canonical in found]

    return of


@pytest.fixture(scope="module")
def people(label_studio_stack: "SessionStack") -> Iterator[list[Account]]:
    """The two annotators."""
    url = label_studio_stack.settings["FIRSTHAND_LABEL_STUDIO_URL"]
    clients = [
        httpx.Client(base_url=url, headers={"Authorization": f"Token {person['token']}"}, timeout=60)
        for person in label_studio_stack.people
        if person["role"] == "annotator"
    ]
    yield [Account(client) for client in clients]
    for client in clients:
        client.close()
