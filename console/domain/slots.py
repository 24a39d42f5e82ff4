"""What a slot is and whether it can take traffic: sizes, causes, release, and how much is missing (SAFETY 1, rule 3)."""

from __future__ import annotations

from dataclasses import dataclass

from console.domain import facts
from console.domain.causes import Cause, causes_of
from console.domain.environment import Component, Environment
from console.domain.ids import ComponentName, ReleaseName, SlotName
from console.domain.position import Role, position
from console.domain.records import deployment_of, image_of, records_of, same_image, slot_release
from console.domain.release import Release, short_image
from console.domain.wording import counted
from console.domain.workload import current_replica_set, pods_of, replica_sets_of
from console.domain.world import Deployment, ReplicaSet, World
from console.domain.writers import holder_of


@dataclass(frozen=True, slots=True)
class Generation:
    """One ReplicaSet of a Deployment, as a rolling environment shows it."""

    replica_set: str
    revision: int
    image: str
    """Short: tag or the digest's first figures."""
    desired: int
    ready: int


@dataclass(frozen=True)
class ComponentState:
    """One component of one slot."""

    name: ComponentName
    deployment: str | None
    """None: there is no such Deployment."""
    wanted: int
    """Pods it must have to take the traffic of now."""
    desired: int = 0
    updated: int = 0
    ready: int = 0
    available: int = 0
    total: int = 0
    """Pods of all revisions together."""
    observed: bool = True
    """The controller has seen the newest specification; else the figures above are about an older one."""
    restarts: int = 0
    image: str = ""
    """Short: tag or the digest's first figures."""
    reference: str = ""
    """The whole image reference."""
    causes: tuple[Cause, ...] = ()
    """Worst first."""
    current: Generation | None = None
    earlier: tuple[Generation, ...] = ()
    """Older ReplicaSets that still have pods."""
    foreign_image: bool = False
    """The image is not the one of the release that the Deployment names: somebody changed it by hand."""
    imaged_by: str = ""
    """Who else set the image that is there now; empty where it was us, or nobody can be named."""
    sized_by: str = ""
    """Who else set the size that is there now."""
    known: bool = True
    """False: pods or ReplicaSets may not be listed, so that restarts and causes are not known."""

    @property
    def cause(self) -> str:
        return str(self.causes[0]) if self.causes else ""

    @property
    def complete(self) -> bool:
        """Everything it asks for is there and serves: equality, so that pods of an older revision do not count."""
        return self.observed and self.desired == self.updated == self.ready == self.available == self.total

    @property
    def saturated(self) -> bool:
        return self.deployment is not None and self.complete and self.desired >= self.wanted and self.desired > 0

    @property
    def shortfall(self) -> str:
        """What is missing, as a sentence; empty when nothing is."""
        if self.saturated:
            return ""
        if self.deployment is None:
            return f"{self.name} has no Deployment in this slot"
        because = f": {self.cause}" if self.cause else ""
        if not self.observed:
            return f"{self.name}: the newest specification of {self.deployment} has not been seen by its controller yet{because}"
        hand = self._hand
        if self.desired == 0:
            return f"{self.name} is scaled to zero{hand}"
        if not self.complete:
            return f"{self.name} has {self._progress()}{because}"
        return self.too_small

    @property
    def too_small(self) -> str:
        """That it asks for fewer pods than live traffic needs, and whose hand that was; empty when it does not."""
        if self.desired >= self.wanted:
            return ""
        return f"{self.name} has {counted(self.desired, 'pod')}, live traffic needs {self.wanted}{self._hand}"

    @property
    def _hand(self) -> str:
        return f" ({self.sized_by} set its size)" if self.sized_by else ""

    def _progress(self) -> str:
        if self.updated < self.desired:
            return f"{self.updated} of {self.desired} pods updated"
        if self.total > self.desired:
            return f"{counted(self.total - self.desired, 'pod')} too many (an older revision still runs)"
        return f"{min(self.ready, self.available)} of {self.desired} pods available"


@dataclass(frozen=True)
class SlotState:
    """One slot of the application."""

    slot: SlotName
    role: Role
    release: ReleaseName | None
    """None when nothing is there, or the components do not carry one release."""
    stable: bool
    """The release passed everything in this slot."""
    held: bool
    """The release was rolled back and may not be deployed again before the hold is lifted."""
    components: tuple[ComponentState, ...]

    @property
    def saturated(self) -> bool:
        return bool(self.components) and all(c.saturated for c in self.components)

    @property
    def shortfalls(self) -> tuple[str, ...]:
        return tuple(c.shortfall for c in self.components if c.shortfall)

    @property
    def empty(self) -> bool:
        """Nothing runs here: no Deployment, or all of them scaled to zero."""
        return all(c.desired == 0 for c in self.components)

    @property
    def ready(self) -> int:
        return sum(min(c.ready, c.available) for c in self.components)

    @property
    def desired(self) -> int:
        return sum(c.desired for c in self.components)

    @property
    def wanted(self) -> int:
        return sum(max(c.wanted, c.desired) for c in self.components)


def slot_state(environment: Environment, world: World, slot: SlotName) -> SlotState:
    """Everything the console knows of `slot`, from one observation."""
    here = position(environment, world)
    records = records_of(environment, world)
    release = slot_release(environment, world, slot)
    return SlotState(
        slot=slot,
        role=here.role(slot),
        release=release,
        stable=stable_in_slot(environment, world, slot),
        held=records.held(release),
        components=tuple(_component(environment, world, c, slot, records.release(release)) for c in environment.components),
    )


def stable_in_slot(environment: Environment, world: World, slot: SlotName) -> bool:
    """The slot's release passed everything here: the Deployments say it, or the slot history, or the Services remember it as good."""
    release = slot_release(environment, world, slot)
    if release is None:
        return False
    found = [d for c in environment.components if (d := deployment_of(c, slot, world))]
    if all(d.meta.annotations.get(facts.STABLE) == release for d in found):
        return True
    if any((r.slot, r.release) == (slot, release) and r.stable_at for r in records_of(environment, world).history):
        return True
    services = [s for c in environment.components if (s := world.services.get(c.service))]
    return bool(services) and all(facts.switch_facts(s.meta.annotations).stable == release for s in services)


def wanted_pods(environment: Environment, world: World, component: Component) -> int:
    """Pods a slot must have to take over now: what serves, what its autoscaler wants, the configured floor; the largest of them."""
    serving = position(environment, world).slots.get(component.name)
    active = deployment_of(component, serving, world) if serving else None
    if active is None:
        return component.floor
    scaled = (a.desired for a in world.autoscalers.values() if a.target_kind == "Deployment" and a.target_name == active.name)
    return max(component.floor, active.desired, *scaled)


def size_for(environment: Environment, world: World, component: Component, slot: SlotName, *, manifest_replicas: int | None = None) -> int:
    """Pods that `slot` gets when a release is applied to it: as configured, else as it has, as it served with, or as its manifest says;
    never fewer than live traffic needs."""
    deployment = deployment_of(component, slot, world)
    present = deployment.desired if deployment else 0
    if environment.strategy == "rolling" and present and (component.replicas is None or _is_scaled(deployment, world)):
        return present
    served = facts.served_with(deployment.meta.annotations) if deployment else None
    base = component.replicas or present or served or manifest_replicas or 1
    return max(base, component.floor) if environment.strategy == "rolling" else max(base, wanted_pods(environment, world, component))


def _is_scaled(deployment: Deployment | None, world: World) -> bool:
    """An autoscaler decides its size."""
    return deployment is not None and any(
        a.target_kind == "Deployment" and a.target_name == deployment.name for a in world.autoscalers.values()
    )


def _component(environment: Environment, world: World, component: Component, slot: SlotName, release: Release | None) -> ComponentState:
    wanted = wanted_pods(environment, world, component)
    deployment = deployment_of(component, slot, world)
    if deployment is None:
        return ComponentState(component.name, None, wanted)
    sets = replica_sets_of(deployment, world)
    current = current_replica_set(deployment, world)
    image = image_of(component, deployment)
    recorded = release.images.get(component.name) if release else None
    return ComponentState(
        name=component.name,
        deployment=deployment.name,
        wanted=wanted,
        desired=deployment.desired,
        updated=deployment.updated,
        ready=deployment.ready,
        available=deployment.available,
        total=deployment.replicas,
        observed=deployment.observed_generation >= deployment.generation,
        restarts=sum(p.restarts for p in pods_of(deployment, world)),
        image=short_image(image),
        reference=image,
        causes=_causes(deployment, world),
        current=_generation(current, component) if current else None,
        earlier=tuple(_generation(r, component) for r in sets if r is not current and (r.desired or r.replicas)),
        foreign_image=bool(recorded and not same_image(recorded, image)),
        imaged_by=holder_of(deployment.meta, f"spec.template.spec.containers[name={component.container}].image"),
        sized_by=holder_of(deployment.meta, "spec.replicas"),
        known=not world.unread & {"Pod", "ReplicaSet"},
    )


def _causes(deployment: Deployment, world: World) -> tuple[Cause, ...]:
    """None while everything is available: an old warning of a pod that serves is history. None either while the controller has not
    seen the newest specification: what its pods say is about the one before."""
    if deployment.observed_generation < deployment.generation:
        return ()
    if deployment.available >= deployment.desired and deployment.updated >= deployment.desired:
        return ()
    return causes_of(deployment, world)


def _generation(replica_set: ReplicaSet, component: Component) -> Generation:
    image = short_image(replica_set.images.get(component.container, ""))
    return Generation(replica_set.name, replica_set.revision, image, replica_set.desired, replica_set.ready)
