"""What goes wrong with pods is named in `status` while it lasts, and ends with users on the slot that serves."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest

from console.sandbox.rehearsal_faults import NoSuchPods
from tests.e2e.conftest import REAL, Starts
from tests.sandbox.waiting import answered
from tests.support.application import Json
from tests.support.faults import fault
from tests.support.layout import SHOP
from tests.support.people import Ran
from tests.support.scenario import Scenario

pytestmark = pytest.mark.slow

DEPLOY = ("run", "deploy", "--yes", "--reason", "hopeful", "-i")
SEEN_WITHIN = 60.0
"""Seconds until `status` has to say it, most of which goes into starting that command on a busy machine."""


async def change_preview(s: Scenario, change: Json) -> None:
    """The owner changes the containers of the idle slot, for its next pods."""
    for part in s.layout.parts:
        pod = {"template": {"spec": {"containers": [{"name": part.container, **change}]}}}
        path = f"/apis/apps/v1/namespaces/{s.namespace}/deployments/{part.deployments['west']}"
        await s.app.client.request("PATCH", path, body={"spec": pod}, content_type="application/strategic-merge-patch+json")


async def needs_too_much(s: Scenario) -> None:
    await change_preview(s, {"resources": {"requests": {"cpu": "1000"}}})


async def says_no_limits(s: Scenario) -> None:
    """Somebody gives the namespace a quota that pods without limits do not meet."""
    await s.app.create(
        {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "team"}, "spec": {"hard": {"limits.memory": "64Gi"}}}
    )

    async def counted() -> bool:
        found = await s.app.get("resourcequotas", "team")
        return bool(found and found.get("status", {}).get("hard"))

    await answered(counted, bool, what="the quota is counted")


async def flaps(s: Scenario) -> None:
    s.add_release("v9", faults={"FAULT_CRASH_AFTER": "2"})


async def claims_another(s: Scenario) -> None:
    s.add_release("v9", faults={"FAULT_REPORT_RELEASE": "v0.9.9"})


@dataclass(frozen=True)
class Trouble:
    prepare: Callable[[Scenario], Awaitable[None]]
    status: str
    """What `status` has to say while the run waits."""
    reason: str
    """What the run has to say when it fails."""


@fault(
    "the preview's pods cannot be scheduled",
    group="pods",
    sees="`Unschedulable` with the scheduler's own words (`Insufficient cpu`) on the slot, in `status` and in the run's step",
    does="the run waits for pods until its limit, keeps evidence of the slot and fails (exit code 1); live traffic is unchanged",
    costs="nothing for users",
)
@fault(
    "the namespace's quota refuses the preview's pods",
    group="pods",
    sees="`quota` with what the quota wants, on the slot, in `status` and in the run's step; before the start: a warning in the plan",
    does="the run waits for pods until its limit, keeps evidence of the slot and fails (exit code 1); live traffic is unchanged",
    costs="nothing for users",
)
@fault(
    "the preview's pods become ready and crash, again and again",
    group="pods",
    sees="the crash-loop or the restarts, with the exit code, on the slot, in `status` and in the run's step",
    does="being ready for a moment does not count: the run fails (exit code 1) before the switch; live traffic is unchanged",
    costs="nothing for users",
)
@fault(
    "the image holds another release than its tag says",
    group="pods",
    sees="the release that answers beside the one that was deployed, in `status` and in the run's step",
    does="the run fails its health check (exit code 1) before the switch; live traffic is unchanged",
    costs="nothing for users",
)
@pytest.mark.parametrize("box", REAL, indirect=True)
@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(Trouble(needs_too_much, "Insufficient cpu", "Insufficient cpu"), id="cannot be scheduled"),
        pytest.param(Trouble(says_no_limits, "must specify limits.memory", "must specify limits.memory"), id="is over quota"),
        pytest.param(Trouble(flaps, "exit 70", "restarted"), id="flaps"),
        pytest.param(Trouble(claims_another, "v0.9.9", "v0.9.9"), id="is another release"),
    ],
)
async def test_a_preview_that(scenario: Starts, trouble: Trouble) -> None:
    async with scenario(SHOP, hurried=False, waits={"ready": "40s", "health": "40s"}) as s:
        await s.adopt("v1.4.0", active="east")
        s.add_release("v9")
        await trouble.prepare(s)
        run = await s.begin(*DEPLOY, "release=v9")
        await named_in_status(s, trouble.status)
        ran = await run.ended()
        ran.expect(1, trouble.reason, "live traffic unchanged", "users are on east (v1.4.0)")
        await s.app.expect_live("east", "v1.4.0")
        await expect_evidence(s)


@fault(
    "the preview's pods take long to become ready",
    group="pods",
    sees="the slot as `starting`, with ready and wanted pods, and the run's step with the same numbers",
    does="the run waits for all of them within its limit and goes on",
    costs="the time they take",
)
@pytest.mark.parametrize("box", REAL, indirect=True)
async def test_pods_that_start_slowly_are_waited_for(scenario: Starts) -> None:
    async with scenario(SHOP, waits={"ready": "120s"}) as s:
        await s.adopt("v1.4.0", active="east")
        await change_preview(s, {"readinessProbe": {"initialDelaySeconds": 15}})
        run = await s.begin(*DEPLOY, "release=v1.5.0")
        await named_in_status(s, "0/2")
        (await run.ended()).expect(0)
        await s.app.expect_live("west", "v1.5.0")


@contextlib.asynccontextmanager
async def crashing(s: Scenario, slot: str) -> AsyncIterator[None]:
    """Every pod of a slot dies again and again."""

    async def crash() -> None:
        while True:
            with contextlib.suppress(NoSuchPods, OSError):
                await s.box.faults.crash(slot)
            await asyncio.sleep(0.5)

    task = asyncio.create_task(crash())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@fault(
    "the new slot crashes after the switch",
    group="pods",
    sees="USERS and DEPLOY apart: the crash of the live slot on the Overview and in `status`, and the rollback that began",
    does="with --yes the watch ends the run at once and goes back to the slot that serves; without it a person is asked",
    costs="the requests that fail until the switch back",
)
@pytest.mark.parametrize("box", REAL, indirect=True)
async def test_a_crash_after_the_switch_goes_back_and_keeps_evidence(scenario: Starts) -> None:
    async with scenario(SHOP, waits={"bake": "10m"}) as s:
        await s.adopt("v1.4.0", active="east")
        run = await s.begin(*DEPLOY, "release=v1.5.0")
        await s.run_reaches("watch")
        async with crashing(s, "west"):
            await went_back(s, await run.ended(), says="west")


@fault(
    "the new slot loses its database after the switch",
    group="pods",
    sees="`database` as the cause on the live slot, on the Overview, in `status` and in the run's step",
    does="with --yes the check after the watch fails and the run goes back to the slot that serves; without it a person is asked",
    costs="the requests that fail until the switch back",
)
@pytest.mark.parametrize("box", REAL, indirect=True)
async def test_a_database_lost_after_the_switch_goes_back(scenario: Starts) -> None:
    async with scenario(SHOP, waits={"bake": "40s", "health": "5s"}) as s:
        await s.adopt("v1.4.0", active="east")
        run = await s.begin(*DEPLOY, "release=v1.5.0")
        await s.run_reaches("watch")
        await s.box.faults.slot("west", database_lost=True)
        await s.box.faults.crash("east", component="backend")  # else connections from before the switch keep reaching these
        await named_in_status(s, "503")
        ran = await run.ended()
        assert "live health fails: " in ran.out, ran
        await went_back(s, ran, says="database")


async def went_back(s: Scenario, ran: Ran, *, says: str) -> None:
    """Users are on the old slot, the run says why, and what is held is not deployed again."""
    assert ran.code == 5, str(ran)
    assert says in ran.out + ran.err, ran
    await s.app.expect_live("east", "v1.4.0")
    await expect_evidence(s, newest=False)
    (await s.cli(*DEPLOY, "release=v1.5.0")).expect(3, "held")


async def named_in_status(s: Scenario, word: str) -> None:
    async def ask() -> str:
        ran = await s.cli("status")
        return ran.out + ran.err

    await answered(ask, lambda text: word in text, within=SEEN_WITHIN, what=f"{word!r} in status")


async def expect_evidence(s: Scenario, *, newest: bool = True) -> None:
    """Pods' states of the slot that failed were saved into the run."""
    number = (await s.cli("--json", "runs")).expect(0).json[0 if newest else -1]["run"]
    record = (await s.cli("--json", "show", str(number))).expect(0).json
    assert any("evidence kept" in text for *_, text in record["notes"]), record["notes"]
    kept = s.operator.evidence(record["uid"])
    assert any("web-b" in file.read_text() for file in kept if file.suffix == ".json"), kept
