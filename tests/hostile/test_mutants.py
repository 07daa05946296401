"""Five hundred spoilt and hostile files: each is accepted, marked or refused with a reason, and none does more.

None crashes us, runs on, reads another file or calls a server. The canary is a film that would be accepted, the server
is really listening; that both would be reached without the walls and the lists is shown first.
"""

import contextlib
import resource
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.adapters.facts.reader import FactReader
from pipeline.adapters.ffmpeg import Ffmpeg, Limits
from pipeline.adapters.sandbox import Parsers, walls_here
from pipeline.domain.media import MediaFacts
from pipeline.errors import DamagedMediaError, RejectedInputError
from pipeline.workbench import Workbench
from tests.flows.killing import left_behind
from tests.footage import make_clip, make_trait
from tests.hostile.mutants import MEDIA_COUNT, SIDECAR_COUNT, Mutant, honest_media, media_mutants, sidecar_mutants
from tests.stages import Stages

BATCH = 40
"""How many sidecars one child reads, as in work."""

WORKERS = 3
SECONDS_MAX = 60
"""For one file, on a machine that does other things too; alone it is half a second."""

CANARY_FRAMES = 23
"""As no other film here has."""


@dataclass(frozen=True)
class Field:
    """Where the attacks take place."""

    folder: Path
    canary: Path
    server: socket.socket
    honest: dict[str, bytes]
    bomb: bytes

    @property
    def port(self) -> int:
        return int(self.server.getsockname()[1])

    def media_mutants(self) -> list[Mutant]:
        return list(media_mutants(self.honest, bomb=self.bomb, canary=self.canary, port=self.port))

    def was_called(self) -> bool:
        with contextlib.suppress(TimeoutError):
            self.server.accept()[0].close()
            return True
        return False


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    folder = tmp_path_factory.mktemp("hostile")
    canary = make_clip(folder / "canary.mp4", seconds=CANARY_FRAMES / 25, size="64x64", audio=None)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        yield Field(
            folder, canary, server, honest_media(folder / "honest"), make_trait("bomb", folder / "bomb").read_bytes()
        )


def test_without_lists_and_walls_the_same_attacks_reach_the_canary_and_the_server(field: Field) -> None:
    mutants = field.media_mutants()
    source = field.folder / "attack.mp4"
    reached = Counter[str]()
    for mutant in mutants:
        name = mutant.name.partition(":")[2]
        if name not in {"concat", "hls"}:
            continue
        source.write_bytes(mutant.data)
        open_doors = ["-protocol_whitelist", "file,http,tcp", "-allowed_extensions", "ALL", "-f", name]
        argv = ["ffprobe", "-v", "quiet", *(["-safe", "0"] if name == "concat" else []), *open_doors]
        argv = [word for word in argv if name == "hls" or word not in {"-allowed_extensions", "ALL"}]
        count = ["-count_packets", "-show_entries", "stream=nb_read_packets", "-of", "csv=p=0", str(source)]
        with contextlib.suppress(subprocess.TimeoutExpired):
            told = subprocess.run([*argv, *count], capture_output=True, text=True, timeout=2, check=False).stdout
            reached["canary"] += str(CANARY_FRAMES) in told
        reached["server"] += field.was_called()
    assert reached["canary"] > 0
    assert reached["server"] > 0


def judge(media: Ffmpeg, path: Path) -> tuple[str, MediaFacts | None]:
    """What becomes of a film: accepted, marked or refused; anything else is raised."""
    try:
        try:
            facts = media.probe(path)
        except DamagedMediaError:
            facts = media.probe(path, is_damaged=True)
        try:
            media.frame_hashes(path)
        except DamagedMediaError:
            if not media.survey(path, facts).decoded:
                raise
            return "marked", facts
    except RejectedInputError as refusal:
        return f"refused: {refusal}", None
    return "accepted", facts


def peak_bytes_of_children() -> int:
    """The most memory that any process had which we, or a child of ours, started and saw end."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024  # Linux counts kilobytes


def test_hostile_films_are_accepted_marked_or_refused_and_reach_nothing(field: Field) -> None:
    media_limits = Limits()
    media = Ffmpeg(limits=media_limits, scratch=field.folder / "scratch")
    mutants = field.media_mutants()
    assert len(mutants) == MEDIA_COUNT
    slowest_s: dict[str, float] = {}

    def attack(mutant: Mutant) -> tuple[str, MediaFacts | None]:
        path = field.folder / f"{mutant.name.partition(':')[0]}.mp4"
        path.write_bytes(mutant.data)
        began_s = time.monotonic()
        try:
            return judge(media, path)
        finally:
            slowest_s[mutant.name] = time.monotonic() - began_s
            path.unlink()

    with ThreadPoolExecutor(WORKERS) as pool:
        ends = list(pool.map(attack, mutants))
    reasons = [end for end, _ in ends if end.startswith("refused")]
    assert not [end for end in reasons if str(field.folder) in end or len(end) < len("refused: a word")]
    counts = Counter(end.partition(":")[0] for end, _ in ends)
    assert min(counts["accepted"], counts["marked"], counts["refused"]) >= 5, counts
    assert CANARY_FRAMES not in {facts.video.packet_count for _, facts in ends if facts is not None}
    assert max(slowest_s.values()) < SECONDS_MAX, max(slowest_s, key=slowest_s.__getitem__)
    assert not field.was_called()
    assert peak_bytes_of_children() <= media_limits.memory_bytes
    assert left_behind(field.folder / "scratch") == []
    assert [path for path in (field.folder / "scratch").rglob("*") if path.is_file()] == []
    if not walls_here().missing:
        named = {
            mutant.name.partition(":")[2]
            for mutant, (end, _) in zip(mutants, ends, strict=True)
            if not end.startswith("refused")
        }
        assert named.isdisjoint({"concat", "hls", "hls map", "dash", "sdp", "words that are a command"})
        assert named.isdisjoint({"a thousand streams", "sixty streams", "a picture that unpacks to 16000x16000"})


def test_hostile_sidecars_give_facts_or_a_problem_and_reach_nothing(field: Field) -> None:
    reader = FactReader(Parsers(scratch=field.folder / "scratch"))
    telemetry = field.honest["fast.mp4"]
    secret = field.folder / "secret"
    secret.write_text("<trkpt lat='51.5' lon='0'/>hunter2")
    mutants = list(sidecar_mutants(canary=secret, port=field.port, telemetry=telemetry))
    assert len(mutants) == SIDECAR_COUNT
    jobs = []
    for kind in ("still", "track", "video"):
        chosen = [mutant for mutant in mutants if mutant.kind == kind]
        jobs += [(kind, chosen[at : at + BATCH]) for at in range(0, len(chosen), BATCH)]
    problems, facts = 0, 0
    for kind, batch in jobs:
        paths = [field.folder / f"sidecar-{mutant.name.partition(':')[0]}" for mutant in batch]
        for path, mutant in zip(paths, batch, strict=True):
            path.write_bytes(mutant.data)
        found = reader.read(kind, paths)  # type: ignore[arg-type]  # the kinds are written out above
        assert len(found) == len(batch)
        assert "hunter2" not in repr(found)
        problems += sum(one.problem is not None for one in found)
        facts += sum(one.problem is None for one in found)
        for path in paths:
            path.unlink()
    assert problems >= 20
    assert facts >= 20
    assert not field.was_called()
    assert not Path("/tmp/own").exists()  # noqa: S108  # what an attack would make
    assert left_behind(field.folder / "scratch") == []


def test_some_of_them_go_the_whole_way_and_the_records_agree(bench: Workbench, field: Field) -> None:
    stages = Stages(bench)
    mutants = field.media_mutants()
    folder = field.folder / "card"
    folder.mkdir()
    for mutant in mutants[:: MEDIA_COUNT // 6]:
        (folder / f"{mutant.name.partition(':')[0]}.mp4").write_bytes(mutant.data)
    stages.ingest(folder)
    assert stages.receive().waiting == ()
    stages.verify()
