"""`kill -9` at random moments, while footage is sent, docked and preserved: nothing is lost, nothing is there twice.

A few moments in each run of the suite, the same ones every time; `make powerloss` tries a hundred.
"""

import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random

import pytest
from swiftclient import ClientException

from pipeline.domain import keys
from pipeline.domain.digest import Sha256
from pipeline.domain.exercise import WornCamera
from pipeline.domain.ids import CameraSerial
from pipeline.records import exercises, footage
from pipeline.workbench import Workbench
from tests.benches import Benches
from tests.builders import NOON, a_declaration
from tests.census import census
from tests.dock.station import Station, container_name, epoch, station_at
from tests.flows.killing import ENDED, KILLED, Mortals

SERIAL, WEARER = "B8A44F000009", "5f0c2a9b-8f8e-4a39-9d6c-0123456789ac"
LARGE_BYTES = 17 << 20
"""Just above what goes up in one piece."""
WITHIN_S = 60.0
LOSSES_OF_A_WORLD = 20
"""Then everything is looked at, and another world begins: what nobody renders is looked at again by every stage, and a
hundred losses in one world would spend most of their time on that."""


@pytest.fixture(scope="module")
def mortals(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mortals]:
    made = Mortals(tmp_path_factory.mktemp("mortals") / "log")
    yield made
    made.close()


@dataclass
class Ordeal:
    """A world, what was put into it, and how long things take when nobody dies."""

    bench: Workbench
    mortals: Mortals
    folder: Path
    sent: set[Sha256] = field(default_factory=set)
    docked: set[Sha256] = field(default_factory=set)
    kills: int = 0

    def files(self, number: int) -> Path:
        """A card: some small files, and every fourth time a large one."""
        card = self.folder / f"card-{number}"
        card.mkdir()
        for size in (1000, 300_000, LARGE_BYTES if number % 4 == 0 else 2_000_000):
            content = os.urandom(size)
            (card / f"{size}.mp4").write_bytes(content)
            self.sent.add(Sha256.of(content))
        return card

    def run(self, stage: str, *parameters: str, dies_at_s: float | None = None) -> float:
        """Do a stage, to its end or to its death; how long it took."""
        began_s = time.monotonic()
        code, _ = self.mortals.run(self.bench, stage, *parameters, dies_at_s=dies_at_s)
        assert code == ENDED or (code == KILLED and dies_at_s is not None), self.mortals.said()
        self.kills += code == KILLED
        return time.monotonic() - began_s


@pytest.mark.timeout(3600)  # a hundred losses take longer than any other test may
def test_whenever_power_is_lost_no_footage_is_lost_and_none_is_there_twice(
    benches: Benches, mortals: Mortals, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    losses = int(request.config.getoption("--power-losses"))
    for first in range(0, losses, LOSSES_OF_A_WORLD):
        folder = tmp_path / f"world-{first}"
        folder.mkdir()
        ordeal = Ordeal(benches.make(folder / "scratch"), mortals, folder)
        go_through(ordeal, min(LOSSES_OF_A_WORLD, losses - first), first=4 * first)
        everything_is_there_once(ordeal)
        sys.stdout.write(
            f"{ordeal.kills} kills, {len(ordeal.sent)} files sent and {len(ordeal.docked)} docked: all there\n"
        )


def go_through(ordeal: Ordeal, losses: int, *, first: int) -> None:
    """Send, dock and preserve until so many processes were killed; the moments follow from the number `first`."""
    declared = replace(a_declaration(), cameras=(WornCamera(CameraSerial(SERIAL), "AFO-9"),), held_on=NOON.date())
    with ordeal.bench.db.begin() as session:
        exercises.add_declaration(session, declared, at=NOON)
    send_s = ordeal.run("send", str(ordeal.files(0)))
    keep_s = ordeal.run("keep")
    up_s, dock_s = docked_whole(ordeal)
    number = 0
    while ordeal.kills < losses:
        number += 1
        assert number < 4 * losses + 8, "hardly anything was killed: the moments are too late"
        part = Random(first + number).random()  # noqa: S311  # the same moments every time
        match number % 3:
            case 0:
                card = str(ordeal.files(number))
                ordeal.run("send", card, dies_at_s=part * send_s)
                ordeal.run("send", card)
            case 1:
                ordeal.run("send", str(ordeal.files(number)))
                ordeal.run("keep", dies_at_s=part * keep_s)
            case _:
                dock(ordeal, number, dies_at_s=up_s + part * dock_s)
        ordeal.run("keep")


def docked_whole(ordeal: Ordeal) -> tuple[float, float]:
    """How long the dock takes to answer, and then to receive a recording."""
    port = free_port()
    with ThreadPoolExecutor(1) as pool:
        serving = pool.submit(ordeal.run, "dock", str(port), dies_at_s=WITHIN_S)
        began_s = time.monotonic()
        wait_for(port, serving)
        up_s = time.monotonic() - began_s
        try:
            with station_at(f"http://127.0.0.1:{port}") as station:
                record(station, 0, contents(ordeal), [])
            dock_s = time.monotonic() - began_s - up_s
        finally:
            ordeal.mortals.end()
        serving.result(WITHIN_S)
    ordeal.kills = 0
    return up_s, dock_s


def dock(ordeal: Ordeal, number: int, *, dies_at_s: float) -> None:
    """Send a recording to a dock that dies on the way, and again to one that lives until it has everything."""
    clips, answered = contents(ordeal), list[None]()
    for lives_s in (dies_at_s, WITHIN_S):
        port = free_port()
        with ThreadPoolExecutor(1) as pool:
            serving = pool.submit(ordeal.run, "dock", str(port), dies_at_s=lives_s)
            try:
                wait_for(port, serving)
                with station_at(f"http://127.0.0.1:{port}") as station:
                    record(station, number, clips, answered)
            except (OSError, ClientException):
                assert lives_s == dies_at_s, "the dock that lives did not take the recording"
            if lives_s == WITHIN_S:
                ordeal.mortals.end()
            serving.result(WITHIN_S)
    ordeal.kills -= 1  # the second was ended by us, when it had everything


def contents(ordeal: Ordeal) -> list[bytes]:
    made = [os.urandom(1000), os.urandom(3 << 20)]
    ordeal.docked |= {Sha256.of(content) for content in made}
    return made


def record(station: Station, number: int, clips: list[bytes], answered: list[None]) -> None:
    """Everything that a camera tells of one recording, from the first request on that was never answered."""
    at = NOON.replace(hour=1) + timedelta(minutes=number)
    name = container_name(WEARER, SERIAL, at)
    requests: list[Callable[[], object]] = [
        partial(station.register, WEARER, SERIAL),
        partial(station.make, name),
        partial(station.say, name, Status="Transferring", TriggerOnTime=epoch(at), BWCSerialNumber=SERIAL),
    ]
    for place, content in enumerate(clips):
        began = at + timedelta(seconds=20 * place)
        clip = f"{began:%Y%m%d_%H%M%S}_ab{place}.mp4"
        requests.append(partial(station.put, name, clip, content))
        times = {"StartTime": epoch(began), "StopTime": epoch(began + timedelta(seconds=20))}
        requests.append(partial(station.say_of, name, clip, **times))
    requests.append(partial(station.complete, name))
    for request in requests[len(answered) :]:
        request()
        answered.append(None)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def wait_for(port: int, serving: "Future[float]") -> None:
    """Until the dock answers, or is dead before it ever did."""
    while not serving.done():
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise ConnectionError


def everything_is_there_once(ordeal: Ordeal) -> None:
    """Every file is one upload and one original, and the audit reads every byte of them."""
    bench, expected = ordeal.bench, ordeal.sent | ordeal.docked
    with bench.db.begin() as session:
        kept = [original.digest for original in footage.all_originals(session)]
        uploads = [footage.uploads_of(session, digest) for digest in kept]
    assert set(kept) == expected
    assert len(kept) == len(expected)
    assert {len(of_one) for of_one in uploads} == {1}
    objects = [version.rpartition("@")[0] for version in census(bench).objects]
    assert len(objects) == len(set(objects)), "an object has two versions"
    settings = bench.settings
    told = {keys.dock_key("Users", WEARER), keys.dock_key("Devices", SERIAL)}
    for bucket in (settings.s3_intake_bucket, settings.s3_originals_bucket):
        found = {name.removeprefix(f"{bucket}/") for name in objects if name.startswith(f"{bucket}/")}
        assert len(found - told) == len(expected), found
    ordeal.run("audit")
