"""Asks an action for its plan or its verdict, and says the answer in plain values that a golden case can hold."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, assert_never

from actions import ACTIONS
from console.domain.change import Blocked, Change, Create, Delete, Difference, JsonPatch, MergePatch, Noop, Plan, ServerApply, Write
from console.domain.environment import Environment
from console.domain.facts import Stamp
from console.domain.health import ProbeResult
from console.domain.ids import ComponentName, Epoch, ReleaseName, SlotName
from console.domain.position import position
from console.engine.action import Bindings, Broken, Done, NotYet, Ports, Task, Verdict
from console.engine.ports import AccessRule
from tests.actions.fake import FakeClock, FakeCluster, FakeProbes, ports_of
from tests.actions.worlds import Case, release_of

STAMP = Stamp("7@u", Epoch(4), "alice")


def task_of(case: Case, environment: Environment, cluster: FakeCluster) -> Task[Any]:
    """`with` are the parameters; `release` is the one that the run was started with."""
    action = ACTIONS[case["action"]]
    params = action.params.model_validate(case.get("with", {}))
    started = case.get("started_at")
    return Task(
        environment,
        params,
        bindings_of(case, environment, cluster),
        STAMP,
        inputs=case.get("inputs", {}),
        reason=case.get("reason", ""),
        started_at=datetime.fromisoformat(started) if started else None,
    )


def bindings_of(case: Case, environment: Environment, cluster: FakeCluster) -> Bindings:
    """As the engine binds them: from where traffic is now, unless the case says otherwise."""
    given = case.get("bindings", {})
    active = given.get("active", position(environment, cluster.world).active)
    preview = given.get("preview", environment.other(active) if active else environment.slots[0])
    release = case.get("release")
    if isinstance(release, str):
        release = {"name": release}
    return Bindings(
        active=SlotName(active) if active else None,
        preview=SlotName(preview),
        previous=SlotName(given.get("previous", preview)),
        previous_release=ReleaseName(given.get("previous_release", "")),
        release=release_of(release["name"], release, environment) if release else None,
    )


def _right(text: str) -> AccessRule:
    """`patch deployments.apps`"""
    verb, _, resource = text.partition(" ")
    name, _, subresource = resource.partition("/")
    plural, _, group = name.partition(".")
    return AccessRule(verb, plural, group, subresource)


def probes_of(case: Case) -> FakeProbes:
    """`probes` are rounds of answers: `backend health ok 41ms v1.5.0`, `backend health status 503`."""
    rounds = [tuple(_probe(line) for line in one) for one in case.get("probes", ())]
    return FakeProbes(rounds, case.get("answers", {}))


def _probe(line: str) -> ProbeResult:
    component, check, label, *more = line.split(maxsplit=3)
    detail = more[0] if more else ""
    ok = {"ok": True, "skipped": None}.get(label, False)
    release = detail if ok else ""
    return ProbeResult(check, ComponentName(component), ok, label, detail="" if ok else detail, latency=0.041, release=release)  # type: ignore[arg-type]


async def answer_of(case: Case, environment: Environment, cluster: FakeCluster) -> Mapping[str, Any]:
    action = ACTIONS[case["action"]]
    task = task_of(case, environment, cluster)
    with tempfile.TemporaryDirectory() as folder:
        cluster.forbidden = tuple(_right(r) for r in case.get("forbidden", ()))
        cluster.logs = {(pod, container, True): text for pod, container, text in case.get("crashed", ())}
        ports = ports_of(cluster, Path(folder), probes=probes_of(case), clock=FakeClock(cluster.world.at))
        if not case.get("verdict"):
            return plan_said(action.plan(await action.observe(ports, task), task))
        return await _verdicts(action, ports, task, int(case["verdict"]))


async def _verdicts(action: Any, ports: Ports, task: Task[Any], rounds: int) -> Mapping[str, Any]:
    """The last verdict of so many looks, and what was said on the way."""
    carry: object = None
    said: list[str] = []
    for _ in range(rounds):
        verdict = action.verify(await action.observe(ports, task), task, carry)
        said.append(verdict.message)
        if not isinstance(verdict, NotYet):
            break
        carry = verdict.carry
    return verdict_said(verdict) | {"said": said}


def verdict_said(verdict: Verdict) -> dict[str, Any]:
    match verdict:
        case Done(message, evidence):
            return {"verdict": "done", "message": message, "evidence": dict(evidence)}
        case NotYet(message):
            return {"verdict": "not yet", "message": message}
        case Broken(message, evidence):
            return {"verdict": "broken", "message": message, "evidence": dict(evidence)}
        case _:
            assert_never(verdict)


def plan_said(plan: Plan) -> dict[str, Any]:
    match plan:
        case Noop(reason):
            return {"plan": "noop", "reason": reason}
        case Blocked(reasons, override):
            return {"plan": "blocked", "reasons": list(reasons), "override": override}
        case Change():
            return {
                "plan": "change",
                "title": plan.title,
                "writes": {k: v for w in plan.writes for k, v in write_said(w).items()},
                "order": [w.name for w in plan.writes],
                "differences": [difference_said(d) for d in plan.differences],
                "kubectl": list(plan.kubectl),
                "warnings": list(plan.warnings),
                "undo": plan.undo,
            }
        case _:
            assert_never(plan)


def difference_said(difference: Difference) -> str:
    unchanged = " (same)" if difference.severity == "same" else ""
    return f"{difference.subject} {difference.what}: {difference.before} → {difference.after}{unchanged}"


def write_said(write: Write) -> dict[str, Any]:
    name = f"{write.kind} {write.name}"
    match write:
        case JsonPatch(ops=ops):
            return {f"patch {name}": [f"{o.op} {o.path}" + ("" if o.op == "remove" else f" = {o.value}") for o in ops]}
        case MergePatch(body=body, resource_version=version):
            return {f"merge {name}" + (f" at {version}" if version else ""): dict(body)}
        case ServerApply(manifest=manifest, force=force):
            return {f"apply {name}" + (" by force" if force else ""): dict(manifest)}
        case Create(manifest=manifest):
            return {f"create {name}": dict(manifest)}
        case Delete(uid=uid):
            return {f"delete {name}": uid}
        case _:
            assert_never(write)
