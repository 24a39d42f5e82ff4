"""Whether new connections reach a slot: read from EndpointSlices and from what answered at the entry point (SAFETY 1, rule 4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from console.domain.environment import Component, Environment
from console.domain.ids import SlotName
from console.domain.records import deployment_of
from console.domain.wording import counted, listed
from console.domain.workload import pods_of
from console.domain.world import Endpoint, World


@dataclass(frozen=True)
class Routed:
    """One component's route, judged."""

    reached: bool
    sentence: str
    """`backend 3 of 3 pods`, or what is still missing."""
    pods: int = 0


def routed_by_slices(environment: Environment, world: World, component: Component, slot: SlotName) -> Routed:
    """The component's endpoints are the ready pods of `slot`, all of them and no others."""
    if "EndpointSlice" in world.unread:
        return Routed(False, f"{component.name}: EndpointSlices may not be read")
    deployment = deployment_of(component, slot, world)
    ours = {p.name: p.ip for p in pods_of(deployment, world) if p.ready and not p.meta.deleting} if deployment else {}
    reached = {_pod_name(e, ours) for e in _serving_endpoints(world, component.service)}
    if strangers := sorted(reached - set(ours)):
        return Routed(False, f"{component.name} still reaches {counted(len(strangers), 'pod')} outside {slot} ({listed(strangers[:2])})")
    if not ours or len(reached) < len(ours):
        return Routed(False, f"{component.name} reaches {len(reached)} of {len(ours)} ready pods of {slot}", len(reached))
    return Routed(True, f"{component.name} {len(reached)} of {len(ours)} pods", len(reached))


def answered_by(component: Component, answers: Mapping[str, int], expected: str | None) -> Routed:
    """All fresh connections were answered, by `expected` where that is known, else by one and the same release.

    `reached` holds with an empty sentence when the application does not say its release.
    """
    count = sum(answers.values())
    failed = {k: n for k, n in answers.items() if k.startswith("error: ")}
    if failed:
        worst = max(failed, key=lambda k: failed[k])
        return Routed(
            False, f"{component.name}: {sum(failed.values())} of {counted(count, 'connection')} failed ({worst.removeprefix('error: ')})"
        )
    named = {k: n for k, n in answers.items() if k}
    if not named:
        return Routed(bool(count), "" if count else f"{component.name}: no connection was made")
    if expected is not None and set(named) != {expected}:
        return Routed(False, f"{component.name}: {_shares(named)} answered, {expected} should")
    if len(named) > 1:
        return Routed(False, f"{component.name}: {_shares(named)} answered")
    return Routed(True, f"{next(iter(named))} answered {counted(count, 'connection')} to {component.name}")


def _serving_endpoints(world: World, service: str) -> list[Endpoint]:
    return [e for s in world.slices.values() if s.service == service for e in s.endpoints if e.ready and not e.terminating]


def _pod_name(endpoint: Endpoint, ours: Mapping[str, str]) -> str:
    """The pod behind an endpoint: by its reference, by its address where the slice names none."""
    return endpoint.pod or next((name for name, ip in ours.items() if ip == endpoint.address), endpoint.address)


def _shares(answers: Mapping[str, int]) -> str:
    return listed(f"{release} {count} times" for release, count in sorted(answers.items()))
