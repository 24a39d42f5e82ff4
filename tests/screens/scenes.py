"""Scenes of a maintenance window as snapshots and runs: well, deploying, split, lost, after the switch. Times are fixed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from console.domain import facts
from console.domain.connections import Connections, LeaseSeen
from console.domain.entry import Draft, Entry, EntryType
from console.domain.environment import Check, ClusterRef, Component, Environment, Health, Protection
from console.domain.freshness import Freshness
from console.domain.health import CheckKey, ProbeResult, Tally
from console.domain.ids import ComponentName, Epoch, ReleaseName, RunId, SlotName
from console.domain.object_diff import DiffView, object_diff
from console.domain.release import Hold, Release, ReleaseRecord, SlotRecord, encode_history, encode_release
from console.domain.run import RunRecord
from console.domain.run_fold import fold
from console.domain.runbook import Input, Runbook, Step
from console.domain.series import Figure, Point, Reading, SlotMetrics
from console.domain.snapshot import LINK, LIVE, METRICS, PROBES, LinkSeen, Snapshot
from console.domain.world import KINDS, Condition, ConfigMap, ContainerState, Deployment, Event, Meta, Pod, ReplicaSet, Service, World

NOW = datetime(2026, 3, 1, 2, 41, 0, tzinfo=UTC)
BLUE, GREEN = SlotName("blue"), SlotName("green")
BACKEND, FRONTEND = ComponentName("backend"), ComponentName("frontend")


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def environment(**changes: object) -> Environment:
    """TRAIDER's production."""
    components = tuple(
        Component(
            name=name,
            service=f"traider-{name}",
            deployments={slot: f"traider-{name}-{slot}" for slot in (BLUE, GREEN)},
            container=name,
            image=f"traider-{name}",
            floor=3,
        )
        for name in (BACKEND, FRONTEND)
    )
    checks = (
        Check("health", "/api/health"),
        Check("detailed", "/api/health/detailed"),
        Check("database", "/api/health/detailed"),
        Check("auth", "/api/auth/csrf"),
    )
    plain = Environment(
        name="production",
        application="traider",
        cluster=ClusterRef("traider-prod", context="prod-eu1", time_zone="UTC"),
        components=components,
        health=Health(checks, (BACKEND, FRONTEND)),
        prometheus="https://prometheus.example",
        limits={"errors": 0.05, "p95": 1.0},
        protection=Protection(require_reason=True),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


class Slot:
    """What one slot of a scene looks like."""

    def __init__(
        self, release: str, *, ready: Mapping[ComponentName, int] | int = 3, desired: int = 3, stable: bool = False, crash: str = ""
    ) -> None:
        self.release = release
        self.ready = dict.fromkeys((BACKEND, FRONTEND), ready) if isinstance(ready, int) else dict(ready)
        self.desired = desired
        self.stable = stable
        self.crash = crash
        """What a pod that is not ready says when it ends."""


def world(
    slots: Mapping[SlotName, Slot | None],
    *,
    selects: Mapping[ComponentName, SlotName] | SlotName = BLUE,
    events: tuple[Event, ...] = (),
    history: tuple[SlotRecord, ...] = (),
    releases: tuple[ReleaseRecord, ...] = (),
    switched: Mapping[str, str] | None = None,
) -> World:
    """The namespace at NOW."""
    chosen = selects if isinstance(selects, Mapping) else dict.fromkeys((BACKEND, FRONTEND), selects)
    deployments: dict[str, Deployment] = {}
    sets: dict[str, ReplicaSet] = {}
    pods: dict[str, Pod] = {}
    for slot, looks in slots.items():
        for component in (BACKEND, FRONTEND) if looks else ():
            assert looks is not None
            one, one_set, some = _workload(component, slot, looks)
            deployments[one.name], sets[one_set.name] = one, one_set
            pods |= {pod.name: pod for pod in some}
    services = {f"traider-{c}": _service(c, chosen[c], switched or {}) for c in (BACKEND, FRONTEND)}
    return World(
        namespace="traider-prod",
        at=NOW,
        deployments=deployments,
        replica_sets=sets,
        pods=pods,
        services=services,
        events={event.name: event for event in events},
        records=_records(history, releases),
    )


def _workload(component: ComponentName, slot: SlotName, looks: Slot) -> tuple[Deployment, ReplicaSet, list[Pod]]:
    name = f"traider-{component}-{slot}"
    image = image_of(component, looks.release)
    ready = looks.ready[component]
    notes = {facts.RELEASE: looks.release} | ({facts.STABLE: looks.release} if looks.stable else {})
    deployment = Deployment(
        Meta(name, annotations=notes),
        2,
        2,
        looks.desired,
        looks.desired,
        looks.desired,
        ready,
        ready,
        {component: image},
        (component,),
        revision=2,
    )
    replica_set = ReplicaSet(Meta(f"{name}-7d9f", owner=name), looks.desired, looks.desired, ready, ready, 2, {component: image}, "7d9f")
    pods = [_pod(f"{name}-7d9f-x{n}", replica_set.name, component, image, ok=n < ready, crash=looks.crash) for n in range(looks.desired)]
    return deployment, replica_set, pods


def _pod(name: str, owner: str, component: str, image: str, *, ok: bool, crash: str) -> Pod:
    state = (
        ContainerState(component, image, ready=True, state="running")
        if ok
        else ContainerState(
            component,
            image,
            restarts=4,
            state="waiting",
            reason="CrashLoopBackOff",
            last_reason="Error",
            last_message=crash,
            last_exit_code=3,
        )
    )
    created = ago(600)
    return Pod(
        Meta(name, owner=owner, created=created),
        "Running",
        containers=(state,),
        conditions=(Condition("Ready", "True" if ok else "False", since=created + timedelta(seconds=39)),),
        template_hash="7d9f",
    )


def _service(component: ComponentName, slot: SlotName, notes: Mapping[str, str]) -> Service:
    return Service(Meta(f"traider-{component}", annotations=notes), {"app": f"traider-{component}", "version": slot})


def _records(history: tuple[SlotRecord, ...], releases: tuple[ReleaseRecord, ...]) -> dict[str, ConfigMap]:
    def labels(kind: str) -> dict[str, str]:
        return {facts.APPLICATION_LABEL: "traider", facts.RECORD_LABEL: kind}

    found = {
        f"release-{r.release.name}": ConfigMap(Meta(f"release-{r.release.name}", labels=labels("release")), encode_release(r))
        for r in releases
    }
    return found | {"slots": ConfigMap(Meta("slots", labels=labels("slots")), encode_history(history))}


def image_of(component: str, release: str) -> str:
    """By digest, as a release records it."""
    return f"traider-{component}:{release}@sha256:{release.encode().hex():0<64}"


def release(name: str, *, migration: Literal["none", "contract"] = "none", held: str = "") -> ReleaseRecord:
    images = {c: image_of(c, name) for c in (BACKEND, FRONTEND)}
    hold = Hold(held, "bob", ago(86400)) if held else None
    return ReleaseRecord(Release(ReleaseName(name), images, migration_revision="8f2c", migration_class=migration), hold)


def deployed(slot: SlotName, number: int, name: str, *, days: float) -> SlotRecord:
    at = ago(days * 86400)
    return SlotRecord(slot, number, ReleaseName(name), at, f"{number}@abc", at + timedelta(minutes=20))


FRESH: Mapping[str, Freshness] = {name: Freshness("FRESH", NOW) for name in (*KINDS, LINK, PROBES, METRICS)}


def lost(seconds: float, reason: str) -> Mapping[str, Freshness]:
    """The API server does not answer; the rest goes on."""
    gone = Freshness("LOST", ago(seconds), reason)
    return {**FRESH, **dict.fromkeys((*KINDS, LINK), gone)}


def snapshot(
    seen: World | None,
    *,
    freshness: Mapping[str, Freshness] = FRESH,
    probes: Mapping[SlotName, Mapping[CheckKey, Tally]] | None = None,
    metrics: Mapping[SlotName, SlotMetrics] | None = None,
) -> Snapshot:
    return Snapshot(seen, freshness, probes or {}, metrics or {}, LinkSeen(ok=True, latency=0.004))


def probes_ok(latency: float = 0.042) -> Mapping[CheckKey, Tally]:
    checks = ("health", "detailed", "database", "auth")
    return {(c, name): _tally(c, name, latency + n / 1000) for c in (BACKEND, FRONTEND) for n, name in enumerate(checks)}


def probes_failing() -> Mapping[CheckKey, Tally]:
    failing = Tally(ProbeResult("database", BACKEND, False, "status", "503", 503, 0.012), failed=4, since=ago(12), typical=0.012)
    return {**probes_ok(), (BACKEND, "database"): failing}


def _tally(component: ComponentName, check: str, latency: float) -> Tally:
    return Tally(ProbeResult(check, component, True, "ok", "", 200, latency), passed=3, since=ago(60), typical=latency)


def busy(requests: float = 212.0, errors: float = 0.002, p95: float = 0.184) -> SlotMetrics:
    def points(value: float) -> tuple[Point, ...]:
        return tuple(Point(ago(5 * (24 - n)), value * (0.8 + 0.2 * ((n * 7) % 5) / 4)) for n in range(24))

    now: dict[Figure, float] = {"requests": requests, "errors": errors, "p95": p95, "samples": requests * 60}
    return SlotMetrics({k: Reading(v, "ok", at=NOW) for k, v in now.items()}, {k: points(v) for k, v in now.items()})


def idle() -> SlotMetrics:
    none = Reading(None, "no_data", "no requests")
    return SlotMetrics({"requests": Reading(0.0, "ok", at=NOW), "errors": none, "p95": none, "samples": Reading(0.0, "ok", at=NOW)}, {})


def well() -> Snapshot:
    """Users on blue, nothing going on, green empty."""
    history = (deployed(BLUE, 11, "v1.4.1", days=30), deployed(BLUE, 12, "v1.4.2", days=9))
    seen = world({BLUE: Slot("v1.4.2", stable=True), GREEN: None}, history=history, releases=(release("v1.4.1"), release("v1.4.2")))
    return snapshot(seen, probes={BLUE: probes_ok(), LIVE: probes_ok()}, metrics={BLUE: busy(), GREEN: idle()})


def deploying() -> Snapshot:
    """Green is started with v1.5.0, and one backend pod crashes."""
    crashed = Slot("v1.5.0", ready={BACKEND: 2, FRONTEND: 3}, crash="cannot reach database")
    events = (
        Event(
            Meta("e1"),
            "Warning",
            "BackOff",
            'back-off restarting failed container (exit 3, "cannot reach database")',
            "Pod",
            "traider-backend-green-7d9f-x2",
            7,
            ago(3),
        ),
        Event(Meta("e2"), "Normal", "Started", "started container backend", "Pod", "traider-backend-green-7d9f-x1", 1, ago(20)),
    )
    history = (deployed(BLUE, 11, "v1.4.1", days=30), deployed(BLUE, 12, "v1.4.2", days=9))
    seen = world(
        {BLUE: Slot("v1.4.2", stable=True), GREEN: crashed},
        events=events,
        history=history,
        releases=(release("v1.4.1"), release("v1.4.2"), release("v1.5.0")),
    )
    return snapshot(seen, probes={BLUE: probes_ok(), LIVE: probes_ok(), GREEN: probes_failing()}, metrics={BLUE: busy(), GREEN: idle()})


def split() -> Snapshot:
    """Between the two patches of a switch."""
    seen = world({BLUE: Slot("v1.4.2", stable=True), GREEN: Slot("v1.5.0")}, selects={BACKEND: BLUE, FRONTEND: GREEN})
    return snapshot(seen, probes={BLUE: probes_ok(), LIVE: probes_ok(), GREEN: probes_ok()}, metrics={BLUE: busy(), GREEN: busy(90.0)})


def switched() -> Snapshot:
    """Users on green v1.5.0, blue warm."""
    notes = {
        facts.RELEASE: "v1.5.0",
        facts.PREVIOUS_SLOT: "blue",
        facts.PREVIOUS_RELEASE: "v1.4.2",
        facts.STABLE: "v1.4.2",
        facts.SWITCHED_AT: ago(40).isoformat(),
        facts.KEEP_WARM_UNTIL: (NOW + timedelta(hours=6, minutes=49)).isoformat(),
    }
    history = (
        deployed(BLUE, 10, "v1.3.0", days=60),
        deployed(BLUE, 11, "v1.4.1", days=30),
        deployed(BLUE, 12, "v1.4.2", days=9),
        SlotRecord(GREEN, 13, ReleaseName("v1.5.0"), ago(300), "41@abc"),
    )
    held = release("v1.3.0", held="slow since the index was dropped")
    seen = world(
        {BLUE: Slot("v1.4.2", stable=True), GREEN: Slot("v1.5.0")},
        selects=GREEN,
        switched=notes,
        history=history,
        releases=(held, release("v1.4.1"), release("v1.4.2"), release("v1.5.0")),
    )
    probes = {BLUE: probes_ok(), LIVE: probes_ok(), GREEN: probes_ok(0.031)}
    return snapshot(seen, probes=probes, metrics={BLUE: replace(busy(), readings=idle().readings), GREEN: busy(231, 0.004, 0.201)})


def api_lost() -> Snapshot:
    """The deployment goes on, and the API server does not answer."""
    return replace(deploying(), freshness=lost(12, "connection refused"))


BAKING = (
    ("traffic.switch", "do", "switch backend and frontend to green", 30),
    ("bake", "wait", "watch v1.5.0 serve", None),
    ("slots.mark_stable", "do", "mark green stable", None),
)

STEPS = (
    ("release.promotable", "check", "release is promotable", None),
    ("cluster.ready", "check", "cluster is ready", None),
    ("slots.apply", "do", "apply v1.5.0 to green", None),
    ("rollout.wait", "do", "wait for the preview pods", 600),
    ("health.slot", "check", "check health of green", 30),
    ("gate", "gate", "switch live traffic to green?", None),
    ("traffic.switch", "do", "switch backend and frontend to green", 30),
    ("verify.production", "check", "verify production", None),
    ("slots.mark_stable", "do", "mark green stable", None),
)


class Log:
    """Entries of one run, as a journal would number them."""

    def __init__(self, run: int = 41, *, at: datetime, first: int = 1) -> None:
        self.entries: list[Entry] = []
        self._run = RunId(run)
        self._at = at
        self._first = first

    def add(self, kind: EntryType, after: float = 0.0, actor: str = "alice", **body: object) -> Log:
        self._at += timedelta(seconds=after)
        draft = Draft(kind, self._run, actor, body)
        number = self._first + len(self.entries)
        self.entries.append(Entry(number, "production", draft.run, draft.type, self._at, draft.actor, draft.body, "", f"h{number}"))
        return self

    @property
    def record(self) -> RunRecord:
        found = fold(self.entries)
        assert found is not None
        return found


Steps = tuple[tuple[str, str, str, float | None], ...]


def opened(*, at: datetime, run: int = 41, release: str = "v1.5.0", first: int = 1, of: Steps = STEPS) -> Log:
    """A deployment that was started and claimed."""
    steps = [{"name": n, "kind": k, "title": t, "phase": "", "within": w} for n, k, t, w in of]
    log = Log(run, at=at, first=first)
    log.add(
        "run.opened",
        uid=f"u{run}",
        runbook="deploy",
        title=f"deploy {release} to green",
        runbook_digest="r",
        plan_digest="p",
        steps=steps,
        inputs={"release": release},
        bindings={},
        reason="CHG-42",
        fingerprint={},
        host="bastion-2",
        direction="forward",
    )
    return log.add("run.claimed", 0.1, uid=f"u{run}", host="bastion-2", pid=77, boot="b", epoch=int(Epoch(7)))


def step_done(log: Log, step: str, reason: str, seconds: float) -> Log:
    log.add("step.started", step=step, attempt=1)
    return log.add("step.result", seconds, step=step, attempt=1, outcome="done", reason=reason, evidence={}, seconds=seconds)


def waiting_for_pods() -> Log:
    """Run 41 in step 4, for 38 seconds."""
    log = opened(at=ago(40))
    step_done(log, "release.promotable", "evidence: 4 files", 0.2)
    step_done(log, "cluster.ready", "quota 6 more pods of 20", 0.4)
    log.add("step.started", step="slots.apply", attempt=1)
    log.add(
        "step.intent",
        step="slots.apply",
        attempt=1,
        action="slots.apply",
        effect="check_then_act",
        title="apply v1.5.0 to green",
        differences=[{"subject": "backend", "what": "image", "before": "v1.4.1", "after": "v1.5.0"}],
        kubectl=["kubectl --namespace traider-prod set image deployment/traider-backend-green backend=traider-backend:v1.5.0"],
    )
    log.add("step.result", 0.3, step="slots.apply", attempt=1, outcome="done", reason="2 images changed", evidence={}, seconds=0.3)
    log.add("step.started", 0.5, step="rollout.wait", attempt=1)
    return log.add("step.progress", 30, step="rollout.wait", text="backend has 2 of 3 pods available, frontend 3 of 3")


def baking() -> Log:
    """Run 41 has switched and watches for 15 minutes, since 40 seconds."""
    log = opened(at=ago(45), of=BAKING)
    step_done(log, "traffic.switch", "backend → green, frontend → green", 0.1)
    until = NOW + timedelta(minutes=14, seconds=20)
    return log.add("step.started", 5, step="bake", attempt=1, until=until.isoformat())


def at_the_gate() -> Log:
    """Run 41 asks whether to switch."""
    log = waiting_for_pods()
    log.add("step.result", 2, step="rollout.wait", attempt=1, outcome="done", reason="frontend 3/3, backend 3/3", evidence={}, seconds=33)
    step_done(log, "health.slot", "3 of 3 in a row", 2.1)
    moves = [{"subject": c, "what": "slot", "before": "blue v1.4.2", "after": "green v1.5.0"} for c in ("backend", "frontend")]
    return log.add(
        "gate.asked", step="gate", question="Switch live traffic to green?", confirm="key", key="s", phrase="", differences=moves
    )


def finished(run: int = 40, *, at: datetime, release: str = "v1.4.2", outcome: str = "done") -> Log:
    """A deployment of another night."""
    log = opened(at=at, run=run, release=release)
    for name, _, title, _ in STEPS:
        step_done(log, name, title, 1.5)
    return log.add("run.closed", outcome=outcome, reason="", live="users are on blue v1.4.2")


def deploy_diff() -> DiffView:
    """A Deployment that gets another image, a record that is new, and a Service that the server would refuse."""
    before = "\n".join(("kind: Deployment", "spec:", "  replicas: 3", "  image: traider-backend:v1.4.1"))
    after = before.replace("v1.4.1", "v1.5.0")
    objects = (
        object_diff("ConfigMap", "release-v1.5.0", step="record v1.5.0", before=None, after="kind: ConfigMap", told_by="server dry run"),
        object_diff(
            "Deployment", "traider-backend-green", step="apply v1.5.0 to green", before=before, after=after, told_by="server dry run"
        ),
        object_diff(
            "Service",
            "traider-backend",
            step="switch backend and frontend to green",
            before="a: 1",
            after="a: 2",
            told_by="computed here",
            note="the server would refuse it: admission webhook “freeze” denied the request",
            refused=True,
        ),
    )
    return DiffView("deploy v1.5.0 to green", objects, NOW, ("wait for the preview pods",))


def connections(**changes: object) -> Connections:
    """All well: the journal on this machine, a runner that waits, a run that alice drives."""
    lease = LeaseSeen("alice@bastion-2/u41", "41@u41", 7, ago(3))
    asked = {"livez": 41, "list": 9, "watch": 9, "get": 3}
    well = Connections(NOW, "https://10.0.0.1:6443", asked, "/state/journal/traider.db", 14, "", "waits (process 4711)", "", lease)
    return replace(well, **changes)  # type: ignore[arg-type]


def runbooks() -> Mapping[str, Runbook]:
    """As the catalogue reads them, as far as a screen looks at them."""
    steps = tuple(Step(kind, name, name, title) for name, kind, title, _ in STEPS)  # type: ignore[arg-type]
    release_input = Input("release", "release", help="a tag, or a release file")
    back = (Input("release", "release", required=False), Input("override", "text", required=False))
    return {
        "deploy": Runbook("deploy", "Blue-green deployment", steps, (release_input, Input("reason", "text", required=False))),
        "rollback": Runbook("rollback", "Roll back", steps[-3:-2], back, direction="back"),
    }
