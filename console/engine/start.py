"""From a runbook and inputs to a journaled run: checked, bound, planned, numbered. Driving it is the runner's part."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import uuid4

from console.domain.entry import Draft
from console.domain.environment import Environment
from console.domain.errors import BluegreenError, JournalError, Refused, UsageError
from console.domain.facts import Stamp
from console.domain.ids import Epoch, RunId
from console.domain.release import Release
from console.domain.rollback import rollback_targets
from console.domain.runbook import Runbook
from console.domain.views.plan import PlanView
from console.domain.world import KINDS, Kind
from console.engine import bindings, traffic
from console.engine.action import Bindings
from console.engine.deps import Deps, no_journal
from console.engine.history import usual
from console.engine.inputs import checked_inputs
from console.engine.planner import plan_run
from console.engine.ports import Fingerprint
from console.engine.remembered import check_remembered, remember
from console.engine.still_cluster import StillCluster
from console.engine.tasks import Setting, spoken, steps_of, title_of
from console.journal.errors import JournalDamaged
from console.journal.journal import Journal
from console.journal.lock import held
from console.journal.place import workable
from console.journal.spool import Spool, spool_path

BACK_KINDS: tuple[Kind, ...] = ("ConfigMap", "Deployment", "HorizontalPodAutoscaler", "Service")
SPOOLED = RunId(0)
"""Number of a run that the journal has not numbered yet."""


@dataclass(frozen=True)
class Request:
    """What a person or a policy asks for."""

    runbook: Runbook
    inputs: Mapping[str, str]
    reason: str = ""
    assume_yes: bool = False
    """Questions that take one key are answered with yes; names, phrases and approvals are not."""
    linked_run: RunId | None = None
    """The run that this one goes back from."""


@dataclass(frozen=True)
class Prepared:
    """A run that could start now."""

    request: Request
    setting: Setting
    plan: PlanView
    fingerprint: Fingerprint
    live: traffic.Traffic
    epoch: Epoch
    """Highest epoch seen on the application's Services."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A run that is journaled; `ref` is what a runner is given."""

    run: RunId
    uid: str
    spooled: str = ""
    """Why it is recorded in a spool; empty for one in the journal."""

    @property
    def ref(self) -> str:
        return str(self.run) if self.run != SPOOLED else self.uid


async def prepare(request: Request, deps: Deps) -> Prepared:
    """Check the inputs, resolve release and slot words, prove the target and plan every step. Writes nothing.

    Raises UsageError for the request, Refused for the target, and what the cluster raises. A blocked plan is returned, not raised.
    """
    inputs = checked_inputs(request.runbook, request.inputs, deps.environment)
    _check_reason(request, deps.environment)
    still = replace(deps, cluster=StillCluster(deps.cluster))
    inputs |= await _chosen_way_back(request.runbook, inputs, still)
    release, world, fingerprint, medians = await asyncio.gather(
        _release(request.runbook, inputs, deps),
        still.cluster.observe(_needed(request.runbook)),
        still.cluster.fingerprint(),
        _usual(request.runbook, deps),
    )
    check_target(deps.environment, fingerprint)
    await asyncio.to_thread(check_remembered, deps.environment, deps.place.runs, fingerprint)
    bound = bindings.bind(deps.environment, world, request.runbook, release)
    epoch = Epoch(traffic.epoch_seen(deps.environment, world))
    setting = Setting(deps.environment, bound, inputs, Stamp("plan", epoch, deps.actor), request.reason)
    plan = await plan_run(request.runbook, setting, still, usual=medians)
    return Prepared(request, setting, plan, fingerprint, traffic.traffic_of(deps.environment, world), epoch)


async def open_run(prepared: Prepared, deps: Deps) -> Opened:
    """Journal `run.opened` with all that another process needs to drive the run.

    Raises Refused for a blocked plan, RunIsOpen while another run has not ended (a way back does not wait for it), JournalError.
    Where the journal cannot be written, a rollback to the warm slot is opened in a spool.
    """
    request = prepared.request
    if prepared.plan.refusal:
        raise Refused(prepared.plan.refusal)
    if deps.environment.protection.read_only:
        raise Refused(f"{deps.environment.name} is protected: read only", hint="Change `protection` in its settings")
    await asyncio.to_thread(remember, deps.place.runs, prepared.fingerprint)
    uid = uuid4().hex[:12]
    draft = Draft("run.opened", None, deps.actor, _body(prepared, deps, uid))
    try:
        if deps.journal is None:
            raise no_journal(deps)
        back = request.runbook.direction == "back"
        if back:
            await _refuse_second_way_back(deps.journal, deps)
        else:
            await _refuse_broken_chain(deps.journal)
        entry = await deps.journal.open_run(draft, alone=not back)
    except JournalError as problem:  # whatever ails it: unreachable, full, locked, damaged, newer
        if not may_spool(request.runbook, prepared.setting.bindings):
            raise
        return await _open_spool(draft, deps, uid, why=problem)
    if entry.run is None:
        raise JournalError("the journal gave the run no number")
    return Opened(entry.run, uid)


async def open_spool(prepared: Prepared, opened: Opened, deps: Deps, *, why: BluegreenError) -> Opened:
    """A run that is open in the journal, opened in a spool as well: no runner could read it there.

    Raises `why` for every run but a rollback to the warm slot.
    """
    if opened.spooled or not may_spool(prepared.request.runbook, prepared.setting.bindings):
        raise why
    return await _open_spool(Draft("run.opened", None, deps.actor, _body(prepared, deps, opened.uid)), deps, opened.uid, why=why)


def may_spool(runbook: Runbook, bound: Bindings) -> bool:
    """The one exception to "no record, no effect": back to the slot that is warm (SAFETY 3.1)."""
    return runbook.direction == "back" and bindings.goes_to_warm_slot(bound)


def check_target(environment: Environment, found: Fingerprint) -> None:
    """Raises Refused when this is not the namespace that the settings mean."""
    wanted = environment.cluster
    if wanted.server and wanted.server.rstrip("/") != found.server.rstrip("/"):
        raise Refused(f"this is {found.server}, but {environment.name} is at {wanted.server}", hint="Check the kubeconfig's context")
    if wanted.namespace_uid and wanted.namespace_uid != found.namespace_uid:
        raise Refused(
            f"the namespace {found.namespace} has uid {found.namespace_uid}, but {environment.name} expects {wanted.namespace_uid}",
            hint="It is another cluster, or the namespace was made anew; correct `namespace_uid` in the settings if that was meant",
        )


async def _refuse_broken_chain(journal: Journal) -> None:
    """A break in the record stops everything but the way back (SAFETY 3.7)."""
    verdict = await journal.verify()
    if any(p.kind != "torn" for p in verdict.problems):
        raise JournalDamaged(
            f"the journal cannot be trusted: {verdict.sentence}",
            hint="`bluegreen audit verify` shows where; keep the file and start a new journal with --journal",
        )


async def _refuse_second_way_back(journal: Journal, deps: Deps) -> None:
    """A way back does not wait for other runs, but two of them would only take the lease from each other."""
    for run in await journal.open_runs():
        record = await journal.record(run)
        if record and record.direction == "back" and held(deps.place.runs, record.uid):
            raise Refused(f"run {run} is already going back ({record.title})", hint=f"`bluegreen attach {run}` follows it")


def _check_reason(request: Request, environment: Environment) -> None:
    if environment.protection.require_reason and request.runbook.direction == "forward" and not request.reason.strip():
        raise UsageError(f"{environment.name} asks for a reason", hint="Give one with --reason")


def _needed(runbook: Runbook) -> tuple[Kind, ...]:
    """What is read before a plan: on the way back, no long lists of pods and events stand between a person and the switch."""
    return BACK_KINDS if runbook.direction == "back" else KINDS


async def _chosen_way_back(runbook: Runbook, inputs: Mapping[str, str], deps: Deps) -> dict[str, str]:
    """The release of a way back for which none was named: the best target's, where it has to be applied before users can go to it."""
    if runbook.direction != "back" or "release" in inputs or not any(i.name == "release" for i in runbook.inputs):
        return {}
    targets = rollback_targets(deps.environment, await deps.cluster.observe(_needed(runbook)))
    best = targets[0] if targets else None
    return {"release": best.release} if best and best.kind == "recorded" and best.release else {}


async def _release(runbook: Runbook, inputs: Mapping[str, str], deps: Deps) -> Release | None:
    """The release that the first input of that type names; None when none was given."""
    name = next((i.name for i in runbook.inputs if i.type == "release" and i.name in inputs), None)
    return await deps.resolve(inputs[name]) if name else None


async def _usual(runbook: Runbook, deps: Deps) -> dict[str, float]:
    try:
        return await usual(deps.journal, runbook.name)
    except JournalError:
        return {}


async def _open_spool(draft: Draft, deps: Deps, uid: str, *, why: BluegreenError) -> Opened:
    spool = Spool(spool_path(workable(deps.place.spools), uid), environment=deps.environment.name)
    await spool.append([replace(draft, run=SPOOLED)])
    return Opened(
        SPOOLED, uid, f"{why.message}. This way back is recorded in {spool.path}, and comes into the journal once it can be written"
    )


def _body(prepared: Prepared, deps: Deps, uid: str) -> dict[str, object]:
    request, setting = prepared.request, prepared.setting
    runbook = request.runbook
    steps = [
        {
            "name": s.name, "kind": s.kind, "title": title_of(s, setting, deps.actions), "phase": s.phase, "within": s.within,
            "action": s.action, "skippable": s.skippable, "guide": spoken(s.note, setting),
        }
        for s in steps_of(runbook, setting.environment, setting.inputs)
    ]  # fmt: skip
    return {
        "uid": uid,
        "runbook": runbook.name,
        "title": prepared.plan.title,
        "runbook_digest": runbook.digest,
        "plan_digest": prepared.plan.digest,
        "steps": steps,
        "inputs": dict(setting.inputs),
        "bindings": bindings.encode(setting.bindings),
        "reason": request.reason,
        "fingerprint": prepared.fingerprint.as_dict(),
        "host": deps.host.name,
        "linked_run": request.linked_run,
        "assume_yes": request.assume_yes,
        "direction": runbook.direction,
        "live": traffic.encode(prepared.live),
        "epoch": prepared.epoch,
    }
