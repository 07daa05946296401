"""firsthand demo: the whole route on this machine, from camera files to a dataset that a partner has pulled."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer
from dotenv import dotenv_values

from flows.cli import stack
from flows.cli.output import Json, emit, err, out
from flows.cli.progress import bar_to_total, saying
from flows.cli.runs import run_and_wait
from flows.cli.upload import JOBS, send_files
from infra.local import staged_exercise
from infra.local.annotators import annotate
from pipeline.domain.clip_recipe import RELEASED_BY_DEFAULT
from pipeline.domain.desk import ADJUDICATION, Desk, Role, desk_of
from pipeline.errors import CustodyError, RejectedInputError, UsageError
from pipeline.lookup import listing, waiting
from pipeline.lookup.annotators import clips_to_give_out, desk_projects
from pipeline.partner import StoreCredentials, pull, verify
from pipeline.settings import home
from pipeline.steps.enrol import enrol_annotator
from pipeline.workbench import Workbench, open_workbench

app = typer.Typer()

RELEASE = "demo"
ANNOTATORS_MIN = 2
ROLES: dict[str, Role] = {"annotator": "annotator", "adjudicator": "adjudicator"}
"""Of the accounts of the local stack, those that people label with."""
FOOTAGE_EXERCISE = "DEMO-FOOTAGE"
"""Under which footage that was given is uploaded; what is generated has an exercise of its own."""


@dataclass(frozen=True, slots=True)
class StageLine:
    """One stage of the route."""

    stage: str
    outcome: str
    elapsed_s: float


@dataclass(slots=True)
class Stages:
    """What was done, in order, with what came of it and how long it took."""

    lines: list[StageLine] = field(default_factory=list)

    @contextmanager
    def stage(self, name: str) -> Iterator[list[str]]:
        """Time one stage; the caller puts what came of it into the list."""
        began, outcome = time.monotonic(), [""]
        yield outcome
        self.lines.append(StageLine(name, outcome[-1], round(time.monotonic() - began, 1)))
        if not err().is_terminal:
            err().print(f"{name}: {outcome[-1]}", markup=False)


@app.command(epilog="Example: FIRSTHAND_FOOTAGE=~/footage firsthand demo")
def demo(
    footage: Annotated[
        Path | None,
        typer.Option(envvar="FIRSTHAND_FOOTAGE", help="A folder of footage; without it an exercise is generated."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Run the whole route on this machine. Run again, it finds everything done and changes nothing."""
    stages = Stages()
    with stages.stage("stack") as outcome:
        stack.bring_up(None)
        outcome.append("all parts are ready")
    bench = open_workbench()
    before = waiting.totals(bench.db)
    refused_before = len(listing.list_quarantine(bench.db))
    not_sent = _footage_in(bench, footage, stages)
    _clips_out(bench, stages)
    _labels_back(bench, stages)
    version = _release(bench, stages)
    _audit(bench, stages)
    _pull(bench, version, stages)
    emit("stages", stages.lines, as_json=as_json, empty="")
    if not as_json:
        _tell_where(bench, version, changed=waiting.totals(bench.db) != before)
    refused = len(listing.list_quarantine(bench.db)) - refused_before
    if not_sent or refused:
        raise RejectedInputError(
            f"{not_sent} files were not sent and {refused} are in quarantine; everything else went the whole route. "
            "`firsthand quarantine list` tells why."
        )


def _footage_in(bench: Workbench, footage: Path | None, stages: Stages) -> int:
    batches: list[tuple[str, str, list[Path]]] = []
    with stages.stage("footage") as outcome:
        if footage is not None:
            batches.append((FOOTAGE_EXERCISE, "DEMO-C", [footage]))
            outcome.append(f"taken from {footage}")
        else:
            with saying("generating an exercise") as say:
                made = staged_exercise.generate(home() / "demo" / "footage", say)
            cameras = sorted({recording.camera_serial for recording, _ in made})
            for camera in cameras:
                paths = [path for recording, path in made if recording.camera_serial == camera]
                batches.append((staged_exercise.EXERCISE_ID, camera, paths))
            outcome.append(f"{len(made)} recordings of {len(cameras)} cameras")
    with stages.stage("upload") as outcome:
        results = [
            result
            for exercise, camera, paths in batches
            for result in send_files(paths, exercise=exercise, camera=camera, jobs=JOBS, bench=bench)
        ]
        for result in results:
            if result.problem:
                err().print(f"not sent: {result.problem}", markup=False)
        sent = sum(result.outcome in {"sent", "resumed"} for result in results)
        failed = sum(result.outcome == "failed" for result in results)
        present = sum(result.outcome == "present" for result in results)
        outcome.append(f"{sent} files sent, {present} were there")
    return failed


def _clips_out(bench: Workbench, stages: Stages) -> None:
    with stages.stage("ingest") as outcome:
        if waiting.anything_to_ingest(bench.settings.s3_intake_bucket, db=bench.db, store=bench.store):
            _run(bench, "ingest/ingest", {}, "ingesting")
        totals = waiting.totals(bench.db)
        outcome.append(f"{totals.recordings} recordings, {totals.clips} clips, {totals.quarantined} in quarantine")
    for line in listing.list_quarantine(bench.db):
        err().print(f"in quarantine: {line.upload_id} {line.error_kind}: {line.reason}", markup=False)
    if waiting.totals(bench.db).clips == 0:
        raise RejectedInputError("none of the footage could be ingested; `firsthand quarantine list` tells why")


def _labels_back(bench: Workbench, stages: Stages) -> None:
    with stages.stage("enrol") as outcome:
        tokens = {_enrolled(bench, person): person["token"] for person in _people() if person["role"] in ROLES}
        annotators = len(tokens) - (ADJUDICATION in tokens)
        outcome.append(f"{annotators} annotators with a desk each, {len(tokens) - annotators} adjudicator")
    with stages.stage("send out") as outcome:
        per_clip = bench.settings.annotators_per_clip
        if clips_to_give_out(bench.db, taxonomy=bench.taxonomy, annotators_per_clip=per_clip):
            _run(bench, "annotate/annotate", {"only": "submit"}, "laying clips on desks")
        outcome.append(f"{len(desk_projects(bench.db, taxonomy=bench.taxonomy))} desks in Label Studio")
    with stages.stage("label") as outcome:
        with saying("people label through Label Studio's API"):
            given = _answer_at_desks(bench, tokens)
        outcome.append(f"{given} new answers")
    with stages.stage("collect") as outcome:
        if given:
            _run(bench, "annotate/annotate", {"only": "collect"}, "fetching answers")
        outcome.append(f"{waiting.totals(bench.db).annotations} answers")
    with stages.stage("adjudicate") as outcome:
        with saying("somebody decides what is disputed"):
            decided = _answer_at_desks(bench, tokens)
        if decided:
            _run(bench, "annotate/annotate", {"only": "collect"}, "fetching decisions")
        outcome.append(f"{decided} disputed clips decided")


def _enrolled(bench: Workbench, person: dict[str, str]) -> Desk:
    """Where somebody answers: the accounts are there, and keep their passwords."""
    found = enrol_annotator(
        person["email"],
        ROLES[person["role"]],
        labelling=bench.labelling,
        pseudonym_key=bench.settings.pseudonym_key.get_secret_value().encode(),
        db=bench.db,
        clock=bench.clock,
    )
    return ADJUDICATION if found.role == "adjudicator" else desk_of(found.annotator)


def _answer_at_desks(bench: Workbench, tokens: dict[Desk, str]) -> int:
    desks = desk_projects(bench.db, taxonomy=bench.taxonomy)
    url = bench.settings.label_studio_url
    return sum(annotate(url, token, project_id=desks[desk]).answered for desk, token in tokens.items() if desk in desks)


def _release(bench: Workbench, stages: Stages) -> str:
    with stages.stage("release") as outcome:
        version = str(
            waiting.next_version(
                bench.db,
                RELEASE,
                taxonomy=bench.taxonomy,
                annotators_min=ANNOTATORS_MIN,
                recipes=RELEASED_BY_DEFAULT,
            )
        )
        if not waiting.is_published(bench.db, RELEASE, version):
            parameters = {"name": RELEASE, "version": version, "annotators_min": ANNOTATORS_MIN}
            _run(bench, "release/release", parameters, "releasing")
        line = next(line for line in listing.list_releases(bench.db) if (line.name, line.version) == (RELEASE, version))
        outcome.append(f"{RELEASE} {version}: {line.clips} clips, manifest {str(line.manifest_sha256)[:12]}…")
    return version


def _audit(bench: Workbench, stages: Stages) -> None:
    with stages.stage("audit") as outcome:
        if waiting.anything_since_last_audit(bench.db):
            _run(bench, "audit/audit", {}, "auditing")
        last = listing.list_audits(bench.db)[-1]
        outcome.append(
            f"{last.objects_checked} objects, {last.events_checked} custody events, {len(last.faults)} faults"
        )


def _run(bench: Workbench, deployment: str, parameters: dict[str, object], doing: str) -> None:
    run_and_wait(
        deployment,
        parameters,
        api_url=bench.settings.prefect_api_url,
        doing=doing,
        progress=lambda: f"{waiting.totals(bench.db).clips} clips",
    )


def _people() -> list[dict[str, str]]:
    path = home() / "credentials.json"
    try:
        people: list[dict[str, str]] = json.loads(path.read_text())["label_studio"]["people"]
    except (OSError, ValueError, KeyError) as exc:
        raise UsageError(f"{path} cannot be read: `firsthand up` writes it") from exc
    return people


def _tell_where(bench: Workbench, version: str, *, changed: bool) -> None:
    console = out()
    if not changed:
        console.print("Everything was done already; nothing was changed.")
    prefect_ui = bench.settings.prefect_api_url.removesuffix("/api")
    annotator = next(person for person in _people() if person["role"] == "annotator")
    where = [
        ("label clips", f"{bench.settings.label_studio_url}  as {annotator['email']}"),
        ("", f"its password is in {home() / 'credentials.json'}"),
        ("how they agree", "firsthand annotate status | firsthand annotate report labelling.html"),
        ("watch flows", prefect_ui),
        ("pulled release", str(_pulled(version))),
        ("look around", "firsthand recordings | clips | releases | show ID"),
        ("stop", "firsthand down"),
    ]
    for name, place in where:
        console.print(f"{name:<16}{place}", markup=False)


def _pulled(version: str) -> Path:
    return home() / "demo" / "pulled" / RELEASE / version


def _pull(bench: Workbench, version: str, stages: Stages) -> None:
    dest = home() / "demo" / "pulled"
    environment = {name: value for name, value in dotenv_values(home() / "partner.env").items() if value}
    with stages.stage("pull") as outcome, bar_to_total("pulling as the partner") as progress:
        pulled = pull(
            f"s3://{bench.settings.s3_releases_bucket}/{RELEASE}",
            version,
            dest,
            credentials=StoreCredentials.from_environment(environment),
            jobs=JOBS,
            progress=progress,
        )
        receipt = pulled.receipt
        outcome.append(f"{receipt.blobs} clips, {receipt.size_bytes} bytes, {pulled.fetched_files} files fetched now")
    with stages.stage("verify") as outcome, bar_to_total("verifying") as progress:
        verified = verify(dest, progress=progress)
        if verified.faults:
            raise CustodyError(f"{len(verified.faults)} pulled files are not what was released")
        outcome.append(f"{verified.files} files read again, all as sealed")
