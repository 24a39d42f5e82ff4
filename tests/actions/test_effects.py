"""Whole actions on a namespace in memory: observe, plan, apply, verify; and what happens when the world moves in between."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from actions import ACTIONS
from actions.evidence import collect
from console.domain.change import Change, JsonPatch, Noop, Write
from console.domain.environment import Environment
from console.domain.errors import PortError, Refused
from console.domain.ids import ReleaseName
from console.domain.records import records_of
from console.domain.rollback import rollback_targets
from console.domain.world import KINDS, World
from console.engine.action import Done, Ports
from tests.actions.asking import bindings_of, task_of
from tests.actions.fake import FakeCluster, Guard, ports_of, select
from tests.actions.worlds import Case, environment_of, world_of

DEPLOYED: Case = {
    "slots": {"blue": {"release": "v1.4.2", "stable": True}, "green": {"release": "v1.3.0"}},
    "services": {"all": {"slot": "blue", "notes": {"stable": "v1.4.2"}}},
    "release": "v1.5.0",
}


class Stage:
    """One namespace, one run."""

    def __init__(self, case: Case, folder: Path, *, guard: Guard | None = None) -> None:
        self.case = case
        self.environment: Environment = environment_of(case)
        self.cluster = FakeCluster(world_of(case, self.environment))
        self.lines: list[str] = []
        self.ports: Ports = ports_of(self.cluster, folder, guard=guard, lines=self.lines)
        self.bindings = bindings_of(case, self.environment, self.cluster)

    async def do(self, name: str, **params: Any) -> str:
        """Act as the engine does; the message of what was proved."""
        action = ACTIONS[name]
        task = replace(task_of({**self.case, "action": name, "with": params}, self.environment, self.cluster), bindings=self.bindings)
        plan = action.plan(await action.observe(self.ports, task), task)
        if isinstance(plan, Noop):
            return plan.reason
        assert isinstance(plan, Change), plan
        await action.apply(self.ports, task, plan)
        verdict = action.verify(await action.observe(self.ports, task), task, None)
        assert isinstance(verdict, Done), verdict
        return verdict.message

    @property
    def live(self) -> dict[str, str]:
        return {s.name.removeprefix("traider-"): s.selector["version"] for s in self.cluster.world.services.values()}


async def test_a_deployment_and_the_way_back_need_nothing_but_the_cluster(tmp_path: Path) -> None:
    stage = Stage(DEPLOYED, tmp_path)
    assert await stage.do("slots.apply", slot="preview") == "v1.5.0 in green: backend 3 pods, frontend 3 pods"
    assert await stage.do("release.record", slot="preview") == "v1.5.0 is revision 1 of green"
    assert (await stage.do("traffic.switch", to="preview")).startswith("backend → green and frontend → green, split for")
    assert stage.live == {"backend": "green", "frontend": "green"}
    target = rollback_targets(stage.environment, stage.cluster.world)[0]
    assert (target.slot, target.release, target.usable) == ("blue", "v1.4.2", True)

    await stage.do("slots.mark_stable")
    assert rollback_targets(stage.environment, stage.cluster.world)[0].slot == "blue"
    assert records_of(stage.environment, stage.cluster.world).stable(target.release)


async def test_the_same_step_again_does_nothing(tmp_path: Path) -> None:
    stage = Stage(DEPLOYED, tmp_path)
    for name, params in (
        ("slots.apply", {"slot": "preview"}),
        ("release.record", {"slot": "preview"}),
        ("traffic.switch", {"to": "preview"}),
    ):
        await stage.do(name, **params)
        written = len(stage.cluster.log)
        await stage.do(name, **params)
        assert len(stage.cluster.log) == written, name


async def test_every_write_is_guarded(tmp_path: Path) -> None:
    guard = Guard()
    stage = Stage(DEPLOYED, tmp_path, guard=guard)
    await stage.do("slots.apply", slot="preview")
    assert guard.calls == len(stage.cluster.log) == 2
    guard.refuse = Refused("bob drives this environment now")
    with pytest.raises(Refused):
        await stage.do("traffic.switch", to="preview")
    assert len(stage.cluster.log) == 2


async def test_a_held_release_is_put_back_and_may_come_again_once_the_hold_is_lifted(tmp_path: Path) -> None:
    stage = Stage({**DEPLOYED, "reason": "errors"}, tmp_path)
    await stage.do("slots.apply", slot="preview")
    await stage.do("traffic.switch", to="preview")
    back = Stage({**DEPLOYED, "release": None, "bindings": {"active": "green", "previous": "blue", "previous_release": "v1.4.2"}}, tmp_path)
    back.cluster = stage.cluster
    back.ports = stage.ports
    assert (await back.do("traffic.switch", to="previous")).startswith("backend → blue")
    assert await back.do("hold.place") == "v1.5.0 is held: no run deploys it before the hold is lifted"
    assert rollback_targets(back.environment, back.cluster.world)[0].override == ""
    await back.do("hold.lift", release="v1.5.0")
    assert not records_of(back.environment, back.cluster.world).held(ReleaseName("v1.5.0"))


async def test_a_service_that_moves_while_a_slot_is_retired_saves_it(tmp_path: Path) -> None:
    case = {**DEPLOYED, "slots": {"blue": {"release": "v1.4.2", "stable": True}, "green": {"release": "v1.5.0"}}}
    stage = Stage(case, tmp_path)
    action = ACTIONS["slots.retire"]
    task = task_of({**case, "action": "slots.retire", "with": {"slot": "green"}}, stage.environment, stage.cluster)
    plan = action.plan(await action.observe(stage.ports, task), task)
    assert isinstance(plan, Change)
    select(stage.cluster, "traider-backend", "green")
    with pytest.raises(Refused, match="traider-backend selects green meanwhile"):
        await action.apply(stage.ports, task, plan)
    assert stage.cluster.world.deployments["traider-backend-green"].desired == 3


async def test_a_size_that_somebody_else_changed_is_a_conflict(tmp_path: Path) -> None:
    case = {**DEPLOYED, "slots": {"blue": {"release": "v1.4.2", "stable": True}, "green": {"release": "v1.5.0"}}}
    stage = Stage(case, tmp_path)

    def grow(write: Write) -> None:
        found = stage.cluster.world.deployments["traider-backend-green"]
        changed = {**stage.cluster.world.deployments, found.name: replace(found, desired=9)}
        stage.cluster.world = replace(stage.cluster.world, deployments=changed)

    stage.cluster.before_write.append(grow)
    with pytest.raises(PortError, match="spec/replicas"):
        await stage.do("slots.retire", slot="green")


async def test_a_failing_slot_is_saved_before_it_is_filled_anew(tmp_path: Path) -> None:
    trouble = {"container": {"state": "waiting", "reason": "CrashLoopBackOff", "restarts": 4, "last_exit_code": 3}}
    green = {"release": "v1.3.0", "backend": {"ready": 2, "trouble": trouble}}
    stage = Stage({**DEPLOYED, "slots": {"blue": {"release": "v1.4.2", "stable": True}, "green": green}}, tmp_path)
    crashed = "traider-backend-green-6f9-2"
    stage.cluster.logs = {(crashed, "backend", True): "opening postgres://app:s3cret@db/traider\npanic\n"}
    order: list[int] = []
    stage.cluster.before_write.append(lambda write: order.append(len(_folders(tmp_path))))
    task = task_of({**stage.case, "action": "slots.apply", "with": {"slot": "preview"}}, stage.environment, stage.cluster)
    action = ACTIONS["slots.apply"]
    plan = action.plan(await action.observe(stage.ports, task), task)
    assert isinstance(plan, Change)
    await action.apply(stage.ports, task, plan)
    assert order == [1, 1]
    folder = _folders(tmp_path)[0]
    assert (folder / f"logs/{crashed}.backend.previous.log").read_text() == "opening postgres://app:[hidden]@db/traider\npanic\n"
    assert stat.S_IMODE((folder / "pods.json").stat().st_mode) == 0o600
    index = json.loads((folder / "index.json").read_text())
    assert set(index["sha256"]) >= {"pods.json", "events.txt", "deployments.json"}
    assert index["missing"], "the logs of pods that serve were not scripted: they are named, not raised"


async def test_after_a_failed_run_what_we_wrote_to_is_kept_and_nothing_else(tmp_path: Path) -> None:
    stage = Stage(DEPLOYED, tmp_path)
    kept = await collect(stage.ports, stage.bindings)
    folder = tmp_path / str(kept["folder"])
    assert len(json.loads((folder / "deployments.json").read_text())) == 4
    assert kept["files"] == 3


async def test_evidence_can_be_saved_by_a_step(tmp_path: Path) -> None:
    stage = Stage(DEPLOYED, tmp_path)
    assert (await stage.do("evidence.save", slot="active")).startswith(f"saved in {tmp_path}/blue-")
    assert stage.cluster.log == []


async def test_a_record_that_changed_meanwhile_is_a_conflict(tmp_path: Path) -> None:
    stage = Stage({**DEPLOYED, "records": {"v1.4.2": {}}, "history": ["blue 1 v1.4.2 stable"]}, tmp_path)

    def touch(write: Write) -> None:
        name = "bluegreen-traider-slots"
        found = stage.cluster.world.records[name]
        changed = {**stage.cluster.world.records, name: replace(found, meta=replace(found.meta, resource_version="77"))}
        stage.cluster.world = replace(stage.cluster.world, records=changed)

    stage.cluster.before_write.append(touch)
    with pytest.raises(PortError) as raised:
        await stage.do("release.record", slot="preview")
    assert raised.value.status == 409


async def test_a_scaled_slot_keeps_its_release(tmp_path: Path) -> None:
    green = {"release": "v1.3.0", "pods": 1}
    stage = Stage({**DEPLOYED, "slots": {"blue": {"release": "v1.4.2", "pods": 4}, "green": green}}, tmp_path)
    await stage.do("slots.scale", slot="green")
    assert all(isinstance(w, JsonPatch) for w in stage.cluster.log)
    assert {d.desired for d in stage.cluster.world.deployments.values()} == {4}
    assert stage.cluster.world.deployments["traider-backend-green"].images == {"backend": "example/backend:v1.3.0"}


def _folders(run: Path) -> list[Path]:
    """Evidence folders of the slot green that are complete."""
    return [index.parent for index in run.glob("green-*/index.json")]


async def test_the_consumer_s_pods_end_before_its_provider_goes(tmp_path: Path) -> None:
    """A client that kept its connection to the old frontend must not meet a backend that is gone."""
    case = {**DEPLOYED, "slots": {"blue": {"release": "v1.4.2", "stable": True}, "green": {"release": "v1.5.0"}}}
    stage = Stage(case, tmp_path)
    looks: list[tuple[str, int]] = []
    observe = stage.cluster.observe

    async def ending(kinds: Any = KINDS) -> World:
        """The third look finds the frontend's pods gone; the backend's go with its own write."""
        world = await observe(kinds)
        if len(stage.cluster.log) == 1 and "Pod" in kinds and "Event" not in kinds:
            looks.append((stage.cluster.log[0].name, len(world.pods)))
            if len(looks) == 3:
                _drop_pods(stage.cluster, "traider-frontend-green-6f9")
        return world

    stage.cluster.observe = ending  # type: ignore[method-assign]
    stage.cluster.after_write.append(
        lambda write: _drop_pods(stage.cluster, "traider-backend-green-6f9") if "backend" in write.name else None
    )
    assert await stage.do("slots.retire", slot="green") == "green is retired"
    assert [w.name for w in stage.cluster.log] == ["traider-frontend-green", "traider-backend-green"]
    assert [name for name, _ in looks] == ["traider-frontend-green"] * 4


async def test_pods_that_do_not_end_hold_up_the_rest_for_a_while_only(tmp_path: Path) -> None:
    case = {**DEPLOYED, "slots": {"blue": {"release": "v1.4.2", "stable": True}, "green": {"release": "v1.5.0"}}}
    stage = Stage(case, tmp_path)
    with pytest.raises(AssertionError, match="6 pods of green still end"):
        await stage.do("slots.retire", slot="green")
    assert [w.name for w in stage.cluster.log] == ["traider-frontend-green", "traider-backend-green"]
    assert stage.lines == ["pods of traider-frontend-green have not ended after 1m30s: the next component goes on without waiting"]


def _drop_pods(cluster: FakeCluster, replica_set: str) -> None:
    left = {name: pod for name, pod in cluster.world.pods.items() if pod.meta.owner != replica_set}
    cluster.world = replace(cluster.world, pods=left)
