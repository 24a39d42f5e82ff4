"""The plan of putting a release into a slot: pure, from one observation to the writes, or to the reasons against it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from actions.manifests import Documents, Manifests
from actions.owners import needs_force, writers_of_spec
from actions.pair import annotation_ops
from actions.shared import Override, SlotParams, slot_of, taken, unknown_slot
from console.domain import facts as noted
from console.domain.change import Blocked, Change, Create, Difference, JsonPatch, Noop, PatchOp, Plan, ServerApply, Write
from console.domain.environment import Component, Environment
from console.domain.foreign import recognise
from console.domain.hand import command_for, image_command, kubectl
from console.domain.ids import ReleaseName, SlotName
from console.domain.moments import local_time
from console.domain.position import position
from console.domain.records import deployment_of, image_of, records_of, same_image, slot_release
from console.domain.release import ImageRef, Release
from console.domain.render import MANIFESTS, ManifestError, render_config_maps, render_deployment, render_services, rendered_digest
from console.domain.slots import size_for, slot_state
from console.domain.wording import listed
from console.domain.world import Deployment, World
from console.engine.action import Task

WAY_BACK = "replace-way-back"
"""Rule: the slot that users could go back to is not filled with something else."""
OTHER_IMAGES = "other-images"
"""Rule: a release's name stands for the same images for ever."""


class ApplyParams(SlotParams):
    override: Override = ""


@dataclass(frozen=True)
class ApplyView:
    """What an application to a slot is planned from."""

    world: World
    manifests: Manifests = field(default_factory=Manifests)
    kept: tuple[Path, ...] = ()
    """Folders of evidence that this run saved of the slot before it changed it."""

    @property
    def kept_text(self) -> str:
        """`; what it was is saved in …`; empty where nothing had to be saved."""
        return f"; what was there is saved in {self.kept[-1]}" if self.kept else ""


@dataclass(frozen=True)
class Part:
    """One component's share of the plan."""

    component: Component
    deployment: Deployment | None
    image: str
    size: int
    documents: Documents | None
    """None: the Deployment is adopted."""


def plan_apply(view: ApplyView, task: Task[ApplyParams]) -> Plan:
    """What applying the run's release to the slot would do now."""
    environment, slot, release = task.environment, slot_of(task, task.params.slot), task.bindings.release
    if release is None:
        return Blocked(("this run was started without a release: name one",))
    if refused := [r for r in (*_refusals(view, task, slot, release), *view.manifests.problems) if r]:
        return Blocked(tuple(refused))
    try:
        parts = [_part(view, environment, c, slot, release) for c in environment.components]
        if refused := [r for p in parts for r in _part_refusals(environment, p, slot)]:
            return Blocked(tuple(refused))
        for rule, reason in _overridable(view.world, task, slot, release):
            if reason and not taken(task.params.override, rule):
                return Blocked((reason,), override=rule)
        return _change(view, task, slot, release, parts)
    except ManifestError as problem:
        return Blocked((str(problem),))


def _refusals(view: ApplyView, task: Task[ApplyParams], slot: SlotName, release: Release) -> Iterable[str]:
    environment, world = task.environment, view.world
    here, records = position(environment, world), records_of(environment, world)
    yield unknown_slot(environment, slot)
    if environment.strategy == "blue_green":
        yield from here.problems
        if slot in here.slots.values():
            yield f"{slot} takes live traffic: a release goes to the slot beside it"
    hold = records.releases[release.name].hold if records.held(release.name) else None
    if hold:
        yield f"{release.name} is held by {hold.by}: {hold.reason}; lift the hold first"
    if missing := [c.name for c in environment.components if c.name not in release.images]:
        yield f"{release.name} has no image for {listed(missing)}"


def _part(view: ApplyView, environment: Environment, component: Component, slot: SlotName, release: Release) -> Part:
    documents = view.manifests.of(component)
    size = size_for(environment, view.world, component, slot, manifest_replicas=_manifest_replicas(documents))
    return Part(component, deployment_of(component, slot, view.world), release.images[component.name], size, documents)


def _manifest_replicas(documents: Documents | None) -> int | None:
    found = next((d for d in documents or () if d.get("kind") == "Deployment"), {})
    replicas = (found.get("spec") or {}).get("replicas")
    return replicas if isinstance(replicas, int) else None


def _part_refusals(environment: Environment, part: Part, slot: SlotName) -> Iterable[str]:
    name, deployment = part.component.name, part.deployment
    if deployment is None:
        if part.documents is None:
            missing = part.component.deployments.get(slot, "")
            yield f"Deployment {missing} does not exist and {name} has no manifest: create it, or name a manifest"
        return
    if deployment.paused:
        resume = kubectl(environment, "rollout", "resume", f"deployment/{deployment.name}")
        yield f"Deployment {deployment.name} is paused, nothing new would start: {resume}"
    if part.documents is None and part.component.container not in deployment.containers:
        yield f"Deployment {deployment.name} has no container {part.component.container} (it has {listed(deployment.containers) or 'none'})"
    if part.documents is not None:
        rendered = _rendered(environment, part, slot, {})["spec"]["selector"]["matchLabels"]
        if dict(deployment.selector) != rendered:
            theirs, ours = _labels(deployment.selector), _labels(rendered)
            yield f"Deployment {deployment.name} selects {theirs}, its manifest {ours}: a selector cannot be changed, adopt or delete it"


def _overridable(world: World, task: Task[ApplyParams], slot: SlotName, release: Release) -> Iterable[tuple[str, str]]:
    records = records_of(task.environment, world)
    if (known := records.release(release.name)) and (other := _other_images(known, release)):
        yield OTHER_IMAGES, f"{release.name} is recorded with another image of {listed(other)}: give the release another name"
    if task.environment.strategy == "blue_green" and task.params.slot != "previous":
        yield WAY_BACK, _way_back_lost(world, task, slot, release)


def _other_images(known: Release, release: Release) -> list[str]:
    return [n for n, image in release.images.items() if n in known.images and not same_image(known.images[n], image)]


def _way_back_lost(world: World, task: Task[ApplyParams], slot: SlotName, release: Release) -> str:
    """Why what runs in `slot` must not be replaced yet; empty when it may be (SAFETY 1, rule 6)."""
    environment = task.environment
    state, active = slot_state(environment, world, slot), position(environment, world).active
    if state.empty or not state.stable or state.release == release.name or active is None:
        return ""
    live = slot_state(environment, world, active)
    if not live.stable:
        return f"{slot} holds {state.release}, the way back: {live.release or 'what runs'} in {active} has not passed verification yet"
    services = (world.services.get(c.service) for c in environment.components)
    until = max((t for s in services if s and (t := noted.switch_facts(s.meta.annotations).keep_warm_until)), default=None)
    if until and world.at < until:
        return f"{slot} keeps {state.release} warm as the way back until {local_time(until, environment.cluster.time_zone)}"
    return ""


def _change(view: ApplyView, task: Task[ApplyParams], slot: SlotName, release: Release, parts: list[Part]) -> Plan:
    environment, world = task.environment, view.world
    notes = {p.component.name: _notes(world, task, p, slot, release) for p in parts}
    todo = [p for p in parts if not _is_there(environment, p, slot, release)]
    services = _missing_services(view, task, slot, parts)
    if not todo and not services:
        return Noop(f"{release.name} is in {slot} already")
    writes = [w for p in todo for w in _writes(environment, p, slot, notes[p.component.name])]
    return Change(
        title=f"apply {release.name} to {slot}",
        writes=(*services, *writes),
        differences=(
            *(Difference(s.name, "Service", "nothing", "created") for s in services),
            *(d for p in parts for d in _differences(environment, p, slot, release)),
        ),
        kubectl=tuple(c for p in todo for c in _commands(environment, p, slot, notes[p.component.name])),
        warnings=tuple(_warnings(parts, release)),
        undo=_undo(environment, world, slot, release),
    )


def _notes(world: World, task: Task[ApplyParams], part: Part, slot: SlotName, release: Release) -> dict[str, str | None]:
    present = part.deployment.meta.annotations if part.deployment else {}
    before = present.get(noted.RELEASE) or slot_release(task.environment, world, slot)  # its own: the other parts may be further already
    stated = release.migration_class
    return {
        **task.stamp.annotations(),
        noted.RELEASE: release.name,
        noted.MIGRATION_CLASS: None if stated == "unknown" else stated,
        noted.PREVIOUS_RELEASE: before if before != release.name else present.get(noted.PREVIOUS_RELEASE),
        noted.STABLE: present.get(noted.STABLE) if present.get(noted.STABLE) == release.name else None,
    }


def _is_there(environment: Environment, part: Part, slot: SlotName, release: Release) -> bool:
    deployment = part.deployment
    if deployment is None or deployment.meta.annotations.get(noted.RELEASE) != release.name:
        return False
    same = image_of(part.component, deployment) == part.image and deployment.desired == part.size
    if part.documents is None:
        return same
    digest = rendered_digest(environment, part.component, part.documents, slot)
    return same and deployment.meta.annotations.get(MANIFESTS) == digest and not writers_of_spec(deployment)


def _writes(environment: Environment, part: Part, slot: SlotName, notes: Mapping[str, str | None]) -> list[Write]:
    if part.documents is None:
        assert part.deployment is not None
        return [_adopted_patch(part, part.deployment, notes)]
    config = render_config_maps(environment, part.documents, slot=slot)
    rendered = _rendered(environment, part, slot, notes)
    force = part.deployment is not None and needs_force(part.deployment)
    configs: list[Write] = [ServerApply("ConfigMap", c["metadata"]["name"], c) for c in config]
    generation = part.deployment.generation if part.deployment else 0
    return [*configs, ServerApply("Deployment", rendered["metadata"]["name"], rendered, force=force, generation=generation)]


def _rendered(environment: Environment, part: Part, slot: SlotName, notes: Mapping[str, str | None]) -> dict[str, Any]:
    return render_deployment(
        environment,
        part.component,
        part.documents or (),
        slot=slot,
        image=part.image,
        replicas=part.size,
        annotations={k: v for k, v in notes.items() if v is not None},
    )


def _adopted_patch(part: Part, deployment: Deployment, notes: Mapping[str, str | None]) -> JsonPatch:
    """Only the image and the size are ours; the container is tested by name, since a patch finds it by its place."""
    container = f"/spec/template/spec/containers/{deployment.containers.index(part.component.container)}"
    image = image_of(part.component, deployment)
    ops = [PatchOp("test", f"{container}/name", part.component.container), PatchOp("test", f"{container}/image", image)]
    if image != part.image:
        ops.append(PatchOp("replace", f"{container}/image", part.image))
    if deployment.desired != part.size:
        ops += [PatchOp("test", "/spec/replicas", deployment.desired), PatchOp("replace", "/spec/replicas", part.size)]
    return JsonPatch("Deployment", deployment.name, (*ops, *annotation_ops(deployment.meta.annotations, notes)))


def _missing_services(view: ApplyView, task: Task[ApplyParams], slot: SlotName, parts: list[Part]) -> list[Create]:
    """Services of the manifests that are not there: those that reach one slot, so that it can be looked at before the switch.

    The Service that users come through is made by the switch; a rolling environment has none, so it comes with the first release.
    """
    by_switch = {p.component.service for p in parts} if task.environment.strategy == "blue_green" else set()
    return [
        Create("Service", s["metadata"]["name"], s)
        for p in parts
        if p.documents is not None
        for s in render_services(task.environment, p.component, p.documents, slot=slot, annotations=task.stamp.annotations())
        if s["metadata"]["name"] not in {*view.world.services, *by_switch}
    ]


def _commands(environment: Environment, part: Part, slot: SlotName, notes: Mapping[str, str | None]) -> tuple[str, ...]:
    if part.documents is None:
        assert part.deployment is not None
        return (image_command(environment, part.deployment, part.component, part.image, part.size),)
    return tuple(c for w in _writes(environment, part, slot, notes) for c in command_for(environment, w))


def _differences(environment: Environment, part: Part, slot: SlotName, release: Release) -> Iterable[Difference]:
    name, deployment = part.component.name, part.deployment
    image = image_of(part.component, deployment) if deployment else ""
    yield Difference(name, "image", image or "nothing", part.image, "same" if image == part.image else "change")
    size = deployment.desired if deployment else 0
    yield Difference(name, "replicas", str(size), str(part.size), "same" if size == part.size else "change")
    if part.documents is None:
        return
    before = deployment.meta.annotations.get(MANIFESTS, "") if deployment else ""
    after = rendered_digest(environment, part.component, part.documents, slot)
    yield Difference(name, "manifest", before[:12] or "nothing of ours", after[:12], "same" if before == after else "change")


def _warnings(parts: list[Part], release: Release) -> Iterable[str]:
    if tagged := [p.component.name for p in parts if not ImageRef.parse(p.image).digest]:
        yield f"{listed(tagged)} of {release.name} {'is' if len(tagged) == 1 else 'are'} named by tag, not by digest: a tag may move"
    for part in parts:
        if part.deployment is not None and part.documents is not None:
            for manager in sorted({m.name for m in writers_of_spec(part.deployment)} - {noted.MANAGER, "kube-controller-manager"}):
                yield f"{recognise(manager)[0]} ({manager}) wrote to {part.deployment.name}: what the manifest says is taken over from it"


def _undo(environment: Environment, world: World, slot: SlotName, release: Release) -> str:
    if environment.strategy == "blue_green":
        return "none needed: users are on the other slot"
    before: ReleaseName | None = slot_release(environment, world, slot)
    return f"roll back to {before}" if before and before != release.name else ""


def _labels(labels: Mapping[str, str]) -> str:
    return ",".join(f"{k}={v}" for k, v in sorted(labels.items()))
