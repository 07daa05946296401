"""The slow parts: Prefect with its worker, and Label Studio with its people."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import httpx
import psutil
import psycopg
import pytest

from infra.local import RUNNING
from infra.local.process import marked
from infra.local.state import State
from tests.stack_fixtures import PROJECT, SessionStack

POOL = "firsthand"


def until(fact: Callable[[], object], within_s: float = 60.0) -> None:
    deadline = time.monotonic() + within_s
    while not fact():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.2)


def prefect(stack: SessionStack, path: str, **body: object) -> list[dict[str, object]]:
    answer = httpx.post(f"{stack.settings['FIRSTHAND_PREFECT_API_URL']}/{path}", json=body, timeout=30)
    found: list[dict[str, object]] = answer.raise_for_status().json()
    return found


def label_studio(stack: SessionStack, path: str, token: str) -> httpx.Response:
    url = f"{stack.settings['FIRSTHAND_LABEL_STUDIO_URL']}{path}"
    return httpx.get(url, headers={"Authorization": f"Token {token}"}, timeout=60)


def test_every_part_is_running_and_answers(full_stack: SessionStack) -> None:
    assert {part.state for part in full_stack.stack.status()} == {RUNNING}


def test_up_again_changes_nothing(full_stack: SessionStack) -> None:
    before = State.load(full_stack.home).processes
    accounts = (full_stack.home / "credentials.json").read_text()
    full_stack.told.clear()
    full_stack.ensure()
    assert State.load(full_stack.home).processes == before
    assert (full_stack.home / "credentials.json").read_text() == accounts
    assert not [told for told in full_stack.told if "registering" in told.detail or "creating" in told.detail]


def sockets(stack: SessionStack) -> set[tuple[int, int, str, str]]:
    """Process, file descriptor, own address and the other's ("" for none) of each socket of the stack."""
    return {
        (member.pid, socket.fd, socket.laddr.ip, socket.raddr.ip if socket.raddr else "")
        for record in State.load(stack.home).processes.values()
        for member in [psutil.Process(record.pid), *psutil.Process(record.pid).children(recursive=True)]
        for socket in member.net_connections(kind="inet")
    }


def test_nothing_talks_to_another_machine(full_stack: SessionStack) -> None:
    found = sockets(full_stack)
    assert len(found) > len(State.load(full_stack.home).processes)
    # For some microseconds between its creation and its connection, a datagram socket belongs to every address.
    for pause_s in (0.3, 0.5, 0.7):
        if strangers(found):
            time.sleep(pause_s)
            found &= sockets(full_stack)
    assert strangers(found) == []


def strangers(found: set[tuple[int, int, str, str]]) -> list[tuple[str, int, str, str]]:
    """The sockets that have to do with another address than the loopback's, and whose they are."""
    return [
        (" ".join(psutil.Process(pid).cmdline())[:200] if psutil.pid_exists(pid) else "gone", fd, own, other)
        for pid, fd, own, other in found
        if own != "127.0.0.1" or other not in {"127.0.0.1", ""}
    ]


def test_prefect_keeps_its_records_in_its_own_database(full_stack: SessionStack) -> None:
    url = full_stack.settings["FIRSTHAND_DATABASE_URL"].replace("+psycopg", "")
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT to_regclass('flow_run')").fetchone() == (None,)
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(re.sub(r"/firsthand$", "/prefect", url))


def test_every_flow_of_prefect_yaml_is_deployed_to_our_pool(prefect_stack: SessionStack) -> None:
    deployed = {str(found["entrypoint"]): found for found in prefect(prefect_stack, "deployments/filter")}
    text = (PROJECT / "infra" / "prefect.yaml").read_text()
    wanted = set(re.findall(r"^\s+entrypoint: (\S+)$", text, flags=re.MULTILINE))
    assert {"flows/ingest.py:ingest", "flows/audit.py:audit"} <= wanted <= set(deployed)
    assert {deployed[entrypoint]["work_pool_name"] for entrypoint in wanted} == {POOL}


def test_a_flow_run_that_falls_silent_will_be_marked_as_crashed(prefect_stack: SessionStack) -> None:
    automations = prefect(prefect_stack, "automations/filter")
    assert [automation["enabled"] for automation in automations] == [True]
    assert automations[0]["actions"][0]["state"] == "CRASHED"


def test_a_killed_worker_is_started_again_and_its_flow_runs_are_ended(prefect_stack: SessionStack) -> None:
    state = State.load(prefect_stack.home)
    api_url = prefect_stack.settings["FIRSTHAND_PREFECT_API_URL"]
    env = {**os.environ, "PREFECT_API_URL": api_url, "PREFECT_HOME": str(prefect_stack.home / "prefect-test")}
    program = PROJECT / "tests" / "infra" / "sleeping.py"
    subprocess.run([sys.executable, program, PROJECT, POOL], check=True, env=env, capture_output=True)
    deployment = next(found for found in prefect(prefect_stack, "deployments/filter") if found["name"] == "test")
    run = httpx.post(
        f"{api_url}/deployments/{deployment['id']}/create_flow_run", json={"parameters": {"seconds": 4321}}
    )
    run.raise_for_status()

    def sleepers() -> list[psutil.Process]:
        return [process for _, process in marked(state.stack_id) if process.cmdline() == ["sleep", "4321"]]

    until(sleepers)
    os.kill(state.processes["worker"].pid, signal.SIGKILL)
    prefect_stack.ensure("worker")
    assert State.load(prefect_stack.home).processes["worker"].pid != state.processes["worker"].pid
    assert sleepers() == []
    httpx.delete(f"{api_url}/flow_runs/{run.json()['id']}").raise_for_status()
    httpx.delete(f"{api_url}/deployments/{deployment['id']}").raise_for_status()


def test_a_killed_prefect_server_keeps_what_it_was_told(prefect_stack: SessionStack) -> None:
    before = {found["id"] for found in prefect(prefect_stack, "deployments/filter")}
    os.kill(State.load(prefect_stack.home).processes["prefect"].pid, signal.SIGKILL)
    prefect_stack.ensure("worker")
    assert {found["id"] for found in prefect(prefect_stack, "deployments/filter")} == before


def test_an_administrator_two_annotators_and_an_adjudicator_can_log_in(label_studio_stack: SessionStack) -> None:
    people = label_studio_stack.people
    assert [person["role"] for person in people] == ["administrator", "annotator", "annotator", "adjudicator"]
    for person in people:
        account = label_studio(label_studio_stack, "/api/current-user/whoami", person["token"]).json()
        assert account["email"] == person["email"]
        with httpx.Client(base_url=label_studio_stack.settings["FIRSTHAND_LABEL_STUDIO_URL"]) as browser:
            browser.get("/user/login/")
            form = {"email": person["email"], "password": person["password"]}
            token = {"csrfmiddlewaretoken": browser.cookies["csrftoken"]}
            assert browser.post("/user/login/", data=form | token).status_code == 302
    assert people[0]["token"] == label_studio_stack.settings["FIRSTHAND_LABEL_STUDIO_TOKEN"]


def test_nobody_else_can_sign_up(label_studio_stack: SessionStack) -> None:
    form = {"email": "stranger@firsthand.invalid", "password": "long-enough-to-be-good"}
    with httpx.Client(base_url=label_studio_stack.settings["FIRSTHAND_LABEL_STUDIO_URL"]) as browser:
        browser.get("/user/signup/")
        form["csrfmiddlewaretoken"] = browser.cookies["csrftoken"]
        assert browser.post("/user/signup/", data=form).status_code == 403
        log = (label_studio_stack.home / "logs" / "label-studio.log").read_text()
        used = set(re.findall(r"/user/signup/\?token=(\w+)", log))
        assert used, "the annotators came in by an invitation"
        for invitation in used:
            assert browser.post(f"/user/signup/?token={invitation}", data=form).status_code == 403


def test_label_studio_reaches_our_store_and_no_other_private_network(label_studio_stack: SessionStack) -> None:
    stack = label_studio_stack
    settings = stack.settings
    url = settings["FIRSTHAND_LABEL_STUDIO_URL"]
    with httpx.Client(base_url=url, headers={"Authorization": f"Token {stack.people[0]['token']}"}, timeout=60) as api:
        project = api.post("/api/projects/", json={"title": "reach"}).raise_for_status().json()["id"]
        storage = {
            "project": project,
            "title": "store",
            "bucket": "working",
            "region_name": settings["FIRSTHAND_S3_REGION"],
            "aws_access_key_id": settings["FIRSTHAND_S3_ACCESS_KEY_ID"],
            "aws_secret_access_key": settings["FIRSTHAND_S3_SECRET_ACCESS_KEY"],
        }
        answers = {
            endpoint: api.post("/api/storages/s3", json={**storage, "s3_endpoint": endpoint}).status_code
            for endpoint in (settings["FIRSTHAND_S3_ENDPOINT_URL"], "http://10.0.0.1:9000", "http://192.168.0.1")
        }
        api.delete(f"/api/projects/{project}/").raise_for_status()
    assert list(answers.values()) == [201, 403, 403]


def test_a_killed_label_studio_comes_back_with_its_people(label_studio_stack: SessionStack) -> None:
    people = label_studio_stack.people
    os.kill(State.load(label_studio_stack.home).processes["label-studio"].pid, signal.SIGKILL)
    label_studio_stack.ensure("label-studio")
    assert label_studio_stack.people == people
    for person in people:
        assert label_studio(label_studio_stack, "/api/current-user/whoami", person["token"]).status_code == 200
