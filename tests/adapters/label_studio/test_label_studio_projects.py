import dataclasses

import pytest

from pipeline.adapters.label_studio import LabelStudio, S3Source
from pipeline.adapters.label_studio.config import project_title, render_config
from pipeline.domain.labels import Taxonomy
from pipeline.errors import LabelStudioUnavailableError, SettingsError
from tests.adapters.label_studio.conftest import Account, Item


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
