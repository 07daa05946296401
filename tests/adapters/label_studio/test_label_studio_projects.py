import dataclasses
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pipeline.adapters.label_studio import LabelStudio, S3Source
from pipeline.adapters.label_studio.config import project_title, render_config
from pipeline.domain.doorbell import HEADER, Doorbell
from pipeline.domain.labels import Taxonomy
from pipeline.errors import LabelStudioUnavailableError, SettingsError
from tests.adapters.label_studio.conftest import Account, Item, an_answer


def projects_of(account: Account, taxonomy: Taxonomy) -> list[Item]:
    page = account.get("/api/projects/", title=project_title(taxonomy), page_size=100)
    return [project for project in page["results"] if project["title"] == project_title(taxonomy)]


def storages_of(account: Account, project_id: int) -> list[Item]:
    found: list[Item] = account.get("/api/storages/s3/", project=project_id)
    return found


def test_the_server_takes_the_configuration_as_it_is(
    labelling: LabelStudio, taxonomy: Taxonomy, source: S3Source, accounts: list[Account]
) -> None:
    project_id = labelling.ensure_project(taxonomy, storage=source)
    project = accounts[0].get(f"/api/projects/{project_id}/")
    assert project["label_config"] == render_config(taxonomy)
    assert project["show_instruction"]
    assert project["maximum_annotations"] == 2
    assert taxonomy.events[0].inclusion in project["expert_instruction"]
    controls = project["parsed_label_config"]
    assert controls["events"]["labels"] == [kind.key for kind in taxonomy.events]
    assert controls["clip_viewpoint"]["labels"] == ["officer", "attacker", "bystander", "not_worn"]


def test_asking_again_makes_and_changes_nothing(
    labelling: LabelStudio, taxonomy: Taxonomy, source: S3Source, accounts: list[Account]
) -> None:
    project_id = labelling.ensure_project(taxonomy, storage=source)
    before = accounts[0].get(f"/api/projects/{project_id}/"), storages_of(accounts[0], project_id)
    assert labelling.ensure_project(taxonomy, storage=source) == project_id
    assert (accounts[0].get(f"/api/projects/{project_id}/"), storages_of(accounts[0], project_id)) == before
    assert len(projects_of(accounts[0], taxonomy)) == 1
    assert len(before[1]) == 1


def test_another_version_has_a_project_of_its_own(
    labelling: LabelStudio, taxonomy: Taxonomy, source: S3Source, accounts: list[Account]
) -> None:
    project_id = labelling.ensure_project(taxonomy, storage=source)
    # Its title begins with the whole title of the other: the server, which looks for parts, finds both.
    newer = dataclasses.replace(
        taxonomy, version=dataclasses.replace(taxonomy.version, patch=taxonomy.version.patch * 10)
    )
    assert project_title(newer).startswith(project_title(taxonomy))
    assert labelling.ensure_project(newer, storage=source) != project_id
    assert labelling.ensure_project(taxonomy, storage=source) == project_id
    assert len(projects_of(accounts[0], taxonomy)) == 1


def test_what_a_kill_left_half_made_is_finished(
    labelling: LabelStudio, taxonomy: Taxonomy, source: S3Source, accounts: list[Account]
) -> None:
    project_id = labelling.ensure_project(taxonomy, storage=source)
    (storage,) = storages_of(accounts[0], project_id)
    accounts[0].http.delete(f"/api/storages/s3/{storage['id']}").raise_for_status()
    assert labelling.ensure_project(taxonomy, storage=source) == project_id
    (restored,) = storages_of(accounts[0], project_id)
    assert restored["description"] == storage["description"]


def test_of_two_projects_the_older_is_it(
    labelling: LabelStudio, taxonomy: Taxonomy, source: S3Source, accounts: list[Account]
) -> None:
    project_id = labelling.ensure_project(taxonomy, storage=source)
    accounts[0].post("/api/projects/", {"title": project_title(taxonomy)})
    assert len(projects_of(accounts[0], taxonomy)) == 2
    assert labelling.ensure_project(taxonomy, storage=source) == project_id


def test_a_taxonomy_that_changed_without_a_new_version_is_refused(
    labelling: LabelStudio, taxonomy: Taxonomy, source: S3Source, accounts: list[Account]
) -> None:
    project_id = labelling.ensure_project(taxonomy, storage=source)
    changed = dataclasses.replace(taxonomy, events=taxonomy.events[1:])
    with pytest.raises(SettingsError, match="give the changed taxonomy a new version") as caught:
        labelling.ensure_project(changed, storage=source)
    assert taxonomy.digest.hex in str(caught.value)
    assert changed.digest.hex in str(caught.value)
    assert accounts[0].get(f"/api/projects/{project_id}/")["label_config"] == render_config(taxonomy)


def test_a_project_shown_in_an_older_layout_is_brought_up_to_date(
    labelling: LabelStudio, taxonomy: Taxonomy, source: S3Source, accounts: list[Account]
) -> None:
    project_id = labelling.ensure_project(taxonomy, storage=source)
    older = {
        "description": f"SHA-256 {taxonomy.digest}",
        "label_config": '<View><Video name="v" value="$video"/></View>',
    }
    accounts[0].patch(f"/api/projects/{project_id}/", older)
    assert labelling.ensure_project(taxonomy, storage=source) == project_id
    assert accounts[0].get(f"/api/projects/{project_id}/")["label_config"] == render_config(taxonomy)


def test_a_store_that_moved_is_followed_without_a_second_storage(
    labelling: LabelStudio, taxonomy: Taxonomy, source: S3Source, accounts: list[Account]
) -> None:
    assert source.endpoint_url is not None
    moved = dataclasses.replace(source, endpoint_url=source.endpoint_url.replace("127.0.0.1", "localhost"))
    project_id = labelling.ensure_project(taxonomy, storage=moved)
    assert labelling.ensure_project(taxonomy, storage=source) == project_id
    (storage,) = storages_of(accounts[0], project_id)
    assert storage["s3_endpoint"] == source.endpoint_url


@pytest.mark.parametrize("change", [{"bucket": "elsewhere"}, {"secret_access_key": "wrong"}])
def test_a_store_that_cannot_be_read_is_told_and_no_secret_with_it(
    labelling: LabelStudio, taxonomy: Taxonomy, source: S3Source, change: dict[str, str]
) -> None:
    wrong = dataclasses.replace(source, **change)
    with pytest.raises(LabelStudioUnavailableError, match=f"cannot open bucket {wrong.bucket} at http") as caught:
        labelling.ensure_project(taxonomy, storage=wrong)
    for secret in (source.secret_access_key, wrong.secret_access_key):
        assert secret not in str(caught.value).split()
    assert source.secret_access_key not in repr(source)
    assert labelling.ensure_project(taxonomy, storage=source)


@contextmanager
def somebody_who_counts_rings() -> Iterator[tuple[str, list[str | None]]]:
    """An address, and the word that came with each ring."""
    rings: list[str | None] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            rings.append(self.headers.get(HEADER))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", rings
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_label_studio_rings_when_somebody_answers_changes_or_deletes_and_tells_nothing(
    labelling: LabelStudio, taxonomy: Taxonomy, source: S3Source, accounts: list[Account]
) -> None:
    with somebody_who_counts_rings() as (url, rings):
        project_id = labelling.ensure_project(taxonomy, storage=source, doorbell=Doorbell(url, "a word"))
        task = accounts[0].post("/api/tasks/", {"project": project_id, "data": {"video": "s3://a/b.mp4", "fps": "25"}})
        said = accounts[1].answer(task["id"], an_answer())
        accounts[1].patch(f"/api/annotations/{said}/", {"result": an_answer(1, 2)})
        accounts[1].http.delete(f"/api/annotations/{said}/").raise_for_status()
        assert len(rings) >= 3
        assert set(rings) == {"a word"}
        hooks = accounts[0].get("/api/webhooks/", project=project_id)
        assert [(hook["url"], hook["send_payload"]) for hook in hooks] == [(url, False)]
        labelling.ensure_project(taxonomy, storage=source, doorbell=Doorbell(url, "a word"))
        assert accounts[0].get("/api/webhooks/", project=project_id) == hooks
        labelling.ensure_project(taxonomy, storage=source, doorbell=Doorbell(f"{url}?moved", "a word"))
        assert [hook["url"] for hook in accounts[0].get("/api/webhooks/", project=project_id)] == [f"{url}?moved"]


def test_the_instruction_shows_a_picture_with_each_definition(
    labelling: LabelStudio, taxonomy: Taxonomy, source: S3Source, accounts: list[Account]
) -> None:
    project_id = labelling.ensure_project(taxonomy, storage=source)
    told = accounts[1].get(f"/api/projects/{project_id}/")["expert_instruction"]
    assert told.count(f'<img src="/projects/{project_id}/resolve/?fileuri=') == len(taxonomy.events)


def test_a_configuration_that_somebody_changed_is_seen_and_put_back(
    labelling: LabelStudio, taxonomy: Taxonomy, source: S3Source, accounts: list[Account]
) -> None:
    project_id = labelling.ensure_project(taxonomy, storage=source)
    assert labelling.is_as_made(project_id, taxonomy)
    changed = render_config(taxonomy).replace('hotkey="1"', 'hotkey="n"')
    accounts[1].patch(f"/api/projects/{project_id}/", {"label_config": changed})
    assert not labelling.is_as_made(project_id, taxonomy)
    labelling.restore(project_id, taxonomy)
    assert labelling.is_as_made(project_id, taxonomy)
