"""Who else writes what a switch and a rollback depend on: named before the window, not found out in it (SAFETY 1, rule 15)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from console.domain.environment import Component, Environment
from console.domain.facts import switch_facts
from console.domain.wording import counted, listed
from console.domain.world import FieldManager, World
from console.domain.writers import OWN, holder_of, managers_of_field, named

Habit = Literal["by itself", "when run again", "once"]
"""When a writer writes again: a controller at any moment, a tool when somebody runs it, an interactive command never."""

_TOOLS: tuple[tuple[str, str, Habit], ...] = (
    (r"argocd|argo-cd|application-controller", "Argo CD", "by itself"),
    (r"kustomize-controller|helm-controller|flux", "Flux", "by itself"),
    (r"fleet|rancher", "Rancher Fleet", "by itself"),
    (r"configsync|config-sync|applier|reconciler", "Config Sync", "by itself"),
    (r"crossplane", "Crossplane", "by itself"),
    (r"kapp-controller", "kapp-controller", "by itself"),
    (r"rollouts-controller", "Argo Rollouts", "by itself"),
    (r"flagger", "Flagger", "by itself"),
    (r"before-first-apply", "a writer from before server-side apply", "once"),
    (r"helm", "Helm", "when run again"),
    (r"terraform|hashicorp", "Terraform", "when run again"),
    (r"pulumi", "Pulumi", "when run again"),
    (r"kubectl[- ](edit|patch|set|scale|rollout|label|annotate|expose|autoscale|create|run|replace)|k9s", "an interactive command", "once"),
    (r"kubectl(-client-side-apply|-last-applied)?", "kubectl apply", "when run again"),
)


@dataclass(frozen=True, slots=True)
class Holding:
    """One field of one object that a foreign manager holds."""

    kind: Literal["Service", "Deployment"]
    name: str
    what: Literal["selector", "replicas", "image"]


@dataclass(frozen=True)
class Writer:
    """A foreign field manager, and what of ours it holds."""

    manager: str
    tool: str
    habit: Habit
    holdings: tuple[Holding, ...]
    since: datetime | None = None
    """Its newest write."""

    @property
    def sentence(self) -> str:
        held: dict[tuple[str, str], int] = {}
        for holding in self.holdings:
            held[holding.what, holding.kind] = held.get((holding.what, holding.kind), 0) + 1
        what = listed(f"the {w} of {counted(n, k)}" for (w, k), n in held.items())
        undone = "a switch" if any(h.what == "selector" for h in self.holdings) else "a deployment"
        name = self.manager if self.tool == self.manager else f"{self.tool} ({self.manager})"
        match self.habit:
            case "by itself":
                return f"{name} holds {what}: it would undo {undone} by itself"
            case "when run again":
                return f"{name} holds {what}: its next run would undo {undone}"
            case "once":
                return f"{name} changed {what}"


def foreign_writers(environment: Environment, world: World) -> tuple[Writer, ...]:
    """Every foreign manager of selectors, replicas and images that are ours to change; the most dangerous first."""
    found: dict[str, list[tuple[Holding, FieldManager]]] = {}
    for component in environment.components:
        for holding, manager in _holdings(environment, component, world):
            found.setdefault(named(manager), []).append((holding, manager))
    writers = [_writer(name, held) for name, held in found.items()]
    return tuple(sorted(writers, key=lambda w: (("by itself", "when run again", "once").index(w.habit), w.manager)))


def switched_by_hand(environment: Environment, world: World) -> tuple[str, ...]:
    """Services that select the slot which our last switch took them away from: somebody switched them back, and that is adopted."""
    found = []
    for component in environment.components:
        service = world.services.get(component.service)
        slot = service.selector.get(environment.slot_key) if service else None
        if service is None or slot is None or slot != switch_facts(service.meta.annotations).previous_slot:
            continue
        hand = holder_of(service.meta, f"spec.selector.{environment.slot_key}")
        by = f" by {hand}" if hand else ""
        found.append(f"Service {service.name} was switched to {slot}{by}, not by us: it is taken as it is")
    return tuple(found)


def moved_from(environment: Environment, world: World, expected: Mapping[str, str]) -> list[str]:
    """Components whose Service does not select the slot expected any more, as `backend green → blue by kubectl-edit`.

    An empty slot is that of a Service which names none, or is not there.
    """
    found = []
    for component in environment.components:
        service, before = world.services.get(component.service), expected.get(component.name, "")
        slot = service.selector.get(environment.slot_key, "") if service else ""
        if slot == before:
            continue
        hand = holder_of(service.meta, f"spec.selector.{environment.slot_key}") if service else ""
        where = (slot or "no slot") if service else "no Service any more"
        found.append(f"{component.name} {before or 'no slot'} → {where}" + (f" by {hand}" if hand else ""))
    return found


def recognise(manager: str) -> tuple[str, Habit]:
    """The tool behind a field manager's name; an unknown one is expected to come again."""
    plain = manager.lower()
    return next(((tool, habit) for pattern, tool, habit in _TOOLS if re.search(pattern, plain)), (manager, "when run again"))


def _writer(name: str, held: list[tuple[Holding, FieldManager]]) -> Writer:
    tool, habit = recognise(name)
    times = [m.time for _, m in held if m.time]
    return Writer(name, tool, habit, tuple(h for h, _ in held), max(times, default=None))


def _holdings(environment: Environment, component: Component, world: World) -> Iterable[tuple[Holding, FieldManager]]:
    service = world.services.get(component.service)
    if service and environment.strategy == "blue_green":
        yield from _held("Service", service.name, service.meta.managers, {"selector": f"spec.selector.{environment.slot_key}"})
    for name in component.deployments.values():
        deployment = world.deployments.get(name)
        if deployment:
            image = f"spec.template.spec.containers[name={component.container}].image"
            yield from _held("Deployment", name, deployment.meta.managers, {"replicas": "spec.replicas", "image": image})


def _held(
    kind: Literal["Service", "Deployment"],
    name: str,
    managers: Iterable[FieldManager],
    paths: Mapping[Literal["selector", "replicas", "image"], str],
) -> Iterable[tuple[Holding, FieldManager]]:
    for manager in managers:
        if manager.name in OWN:
            continue
        for what, path in paths.items():
            if managers_of_field((manager,), path):
                yield Holding(kind, name, what), manager
