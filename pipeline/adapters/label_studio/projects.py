"""Which project is a taxonomy's, and can annotators' browsers play what is in it?

Rules kept here:

* One project for a version of a taxonomy and a desk, found again by its title; should a kill have left two, the older
  one is it.
* The project says in its description which taxonomy, to the byte, it was made for. A taxonomy that was changed without
  a new version is refused: labels that were given under other words must not be read under these.
* A configuration that is not the one which we gave the project is told: what was answered under it may mean something
  else, though every word is known.
* A webhook is a doorbell: it says that there is something to read, never what; whatever is missed is found by reading.
* Clips stay in the object store. Label Studio signs a URL for a quarter of an hour whenever a browser asks for bytes of
  a clip: the browser follows the same address again, and finds a fresh URL behind it. The S3 server must answer ranges
  with 206 and send CORS headers for Label Studio's origin; without them no browser can seek.
"""

import base64
from dataclasses import dataclass, field
from typing import Final

import structlog
from label_studio_sdk import AllRolesProjectList
from label_studio_sdk import LabelStudio as Sdk
from label_studio_sdk.types.actions_enum import ActionsEnum

from pipeline.adapters.label_studio.config import render_instruction
from pipeline.adapters.label_studio.connection import Connection
from pipeline.adapters.label_studio.desks import desk_title, render_desk
from pipeline.domain import keys
from pipeline.domain.desk import SHARED, Desk
from pipeline.domain.digest import Sha256
from pipeline.domain.doorbell import HEADER, Doorbell
from pipeline.domain.labels import Taxonomy
from pipeline.errors import LabelStudioUnavailableError, SettingsError

log = structlog.get_logger()

ANNOTATORS_PER_CLIP: Final = 2
"""After this many answers Label Studio counts a clip on the shared desk as done and hands it to nobody else."""
LINK_MINUTES: Final = 15
"""How long a signed URL of a clip works; asking for more of the clip makes a new one."""
DOORBELL_ACTIONS: Final[tuple[ActionsEnum, ...]] = (
    "ANNOTATION_CREATED",
    "ANNOTATION_UPDATED",
    "ANNOTATIONS_DELETED",
    "TASKS_DELETED",
)
_NO_REASON: Final = "Debugging info is not available for s3 endpoints"
"""What Label Studio answers, with status 500, to anything that goes wrong with a store that is not one of AWS."""
_STORAGE_TITLE: Final = "Firsthand clips"


@dataclass(frozen=True, slots=True)
class S3Source:
    """Where the clips lie, with credentials of which Label Studio needs only: read this bucket."""

    bucket: str
    region: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    endpoint_url: str | None = None
    """URL of an S3 server that Label Studio and the annotators' browsers can reach; `None` for AWS."""

    @property
    def mark(self) -> str:
        """Tells one source from another without telling the secret: Label Studio never gives its keys back."""
        parts = (self.bucket, self.region, self.endpoint_url or "", self.access_key_id, self.secret_access_key)
        return Sha256.of("\x1f".join(parts).encode()).hex[:16]


def ensure_project(
    connection: Connection,
    taxonomy: Taxonomy,
    storage: S3Source,
    doorbell: Doorbell | None = None,
    desk: Desk = SHARED,
) -> int:
    """The id of the taxonomy's project for a desk, made if there is none. Safe to repeat.

    Raises:
        SettingsError: the taxonomy was changed without a new version, or the store cannot be reached with `storage`.
        LabelStudioUnavailableError: Label Studio did not answer; what was made is found again next time.
        AccessDeniedError: the token is refused.
    """
    with connection.sdk(f"find the project of {taxonomy.name}") as sdk:
        known = _ids(sdk, taxonomy, desk)
    if not known:
        with connection.sdk(f"make the project of {taxonomy.name}") as sdk:
            _create(sdk, taxonomy, desk)
            known = _ids(sdk, taxonomy, desk)
    project_id = known[0]
    if len(known) > 1:
        log.warning("spare_projects_found", project_id=project_id, spare=known[1:])
    with connection.sdk(f"prepare project {project_id}") as sdk:
        _refresh(sdk, project_id, taxonomy, storage, desk)
    if doorbell is not None:
        with connection.sdk(f"hang a doorbell on project {project_id}") as sdk:
            _ensure_doorbell(sdk, project_id, doorbell)
    try:
        with connection.sdk(f"connect project {project_id} with bucket {storage.bucket}") as sdk:
            _ensure_storage(sdk, project_id, storage)
    except LabelStudioUnavailableError as exc:
        if _NO_REASON not in str(exc):
            raise
        raise LabelStudioUnavailableError(
            f"Label Studio cannot open bucket {storage.bucket} at {storage.endpoint_url or 'AWS'} and does not say why "
            f"(project {project_id}): expected the store to be up, the bucket to be there, and {storage.access_key_id} "
            "with its secret to be allowed to read it"
        ) from exc
    return project_id


def _ids(sdk: Sdk, taxonomy: Taxonomy, desk: Desk) -> list[int]:
    """The projects with exactly the taxonomy's title, the oldest first; the server finds parts of titles too."""
    title = desk_title(taxonomy, desk)
    projects: list[AllRolesProjectList] = sdk.projects.list(title=title, include="id,title", page_size=1000).items or []
    return sorted(project.id for project in projects if project.title == title and project.id is not None)


def _create(sdk: Sdk, taxonomy: Taxonomy, desk: Desk) -> None:
    made = sdk.projects.create(
        title=desk_title(taxonomy, desk),
        # Its pictures have addresses within the project: the instruction comes when the project has a number.
        description=_description(taxonomy, layout="none yet"),
        label_config=render_desk(taxonomy, desk),
        show_instruction=True,
        show_skip_button=True,
        # A clip in which nothing happens has no events; its questions are still asked.
        enable_empty_annotation=True,
        # What is drawn beforehand opens as the annotator's own unsaved answer.
        show_collab_predictions=True,
        maximum_annotations=ANNOTATORS_PER_CLIP if desk == SHARED else 1,
    )
    log.info("project_created", project_id=made.id, taxonomy=taxonomy.name)


def _refresh(sdk: Sdk, project_id: int, taxonomy: Taxonomy, storage: S3Source, desk: Desk) -> None:
    """Show the taxonomy as we show it now; the words themselves must be those that the project was made for."""
    project = sdk.projects.get(project_id)
    if taxonomy.digest.hex not in (project.description or ""):
        raise SettingsError(
            f"project {project_id} of Label Studio is for {taxonomy.name} as it was once: expected the digest "
            f"{taxonomy.digest} in its description, found {project.description!r:.200}; "
            "give the changed taxonomy a new version"
        )
    instruction = render_instruction(taxonomy, _pictures(project_id, taxonomy, storage))
    # The server tidies the HTML that it keeps, so what it shows cannot be compared with what we sent: its mark can.
    wanted = _description(taxonomy, layout=Sha256.of((render_desk(taxonomy, desk) + instruction).encode()).hex[:16])
    if project.description != wanted:
        sdk.projects.update(
            project_id,
            description=wanted,
            label_config=render_desk(taxonomy, desk),
            expert_instruction=instruction,
            show_collab_predictions=True,
        )
        log.info("project_refreshed", project_id=project_id, taxonomy=taxonomy.name)


def is_as_made(connection: Connection, project_id: int, taxonomy: Taxonomy, desk: Desk = SHARED) -> bool:
    """Whether a project's configuration is, to the byte, the one that a taxonomy has.

    Raises:
        LabelStudioUnavailableError: Label Studio did not answer.
    """
    project = connection.get(
        f"/api/projects/{project_id}/", {"include": "label_config"}, purpose=f"look at project {project_id}"
    )
    return isinstance(project, dict) and project.get("label_config") == render_desk(taxonomy, desk)


def restore(connection: Connection, project_id: int, taxonomy: Taxonomy, desk: Desk = SHARED) -> None:
    """Give a project the configuration of its taxonomy again. Safe to repeat.

    Raises:
        LabelStudioUnavailableError: Label Studio did not answer.
    """
    with connection.sdk(f"restore project {project_id}") as sdk:
        sdk.projects.update(project_id, label_config=render_desk(taxonomy, desk))
    log.warning("project_restored", project_id=project_id, taxonomy=taxonomy.name)


def _pictures(project_id: int, taxonomy: Taxonomy, storage: S3Source) -> dict[str, str]:
    """Where a browser that is logged in finds the pictures: Label Studio signs a URL for them as it does for clips."""
    found = {}
    for kind in taxonomy.events:
        if kind.picture is not None:
            key = keys.picture_key(kind.picture.digest, kind.picture.file.rpartition(".")[2])
            place = base64.urlsafe_b64encode(f"s3://{storage.bucket}/{key}".encode()).decode()
            found[kind.key] = f"/projects/{project_id}/resolve/?fileuri={place}"
    return found


def _ensure_doorbell(sdk: Sdk, project_id: int, doorbell: Doorbell) -> None:
    ours = [hook for hook in sdk.webhooks.list(project=str(project_id)) if HEADER in (hook.headers or {})]
    if any(hook.url == doorbell.url and (hook.headers or {})[HEADER] == doorbell.secret for hook in ours):
        return
    for hook in ours:
        if hook.id is not None:
            sdk.webhooks.delete(hook.id)
    sdk.webhooks.create(
        project=project_id,
        url=doorbell.url,
        # What happened is read, not told: nothing of an answer travels to whoever listens there.
        send_payload=False,
        send_for_all_actions=False,
        actions=list(DOORBELL_ACTIONS),
        headers={HEADER: doorbell.secret},
        is_active=True,
    )
    log.info("doorbell_hung", project_id=project_id)


def _ensure_storage(sdk: Sdk, project_id: int, storage: S3Source) -> None:
    title, description = f"{_STORAGE_TITLE}: {storage.bucket}", f"Made by Firsthand ({storage.mark})"
    known = [kept for kept in sdk.import_storage.s3.list(project=project_id) if kept.title == title]
    if any(kept.description == description for kept in known):
        return
    wanted = {
        "project": project_id,
        "title": title,
        "description": description,
        "bucket": storage.bucket,
        "region_name": storage.region,
        "s3endpoint": storage.endpoint_url or "",
        "aws_access_key_id": storage.access_key_id,
        "aws_secret_access_key": storage.secret_access_key,
        "presign": True,
        "presign_ttl": LINK_MINUTES,
        "use_blob_urls": True,
        # Somebody who presses "Sync" must not make a task of every object: they would have no clip id.
        "synchronizable": False,
        "regex_filter": "^$",
    }
    if known and known[0].id is not None:
        sdk.import_storage.s3.update(known[0].id, **wanted)
    else:
        sdk.import_storage.s3.create(**wanted)
    log.info("project_storage_set", project_id=project_id, bucket=storage.bucket)


def _description(taxonomy: Taxonomy, *, layout: str) -> str:
    return (
        f"{taxonomy.title}. Taxonomy {taxonomy.name}, SHA-256 {taxonomy.digest}, layout {layout}. "
        "Firsthand finds this project by its title."
    )
