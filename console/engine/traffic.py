"""Where users are, as observed: decides whether live traffic is unchanged, and says so in a sentence (never assumed)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from console.domain import facts
from console.domain.environment import Environment
from console.domain.position import position
from console.domain.records import deployment_of, image_of, slot_release
from console.domain.world import Kind, World

KINDS: tuple[Kind, ...] = ("Service", "Deployment")


@dataclass(frozen=True, slots=True)
class Live:
    """What the users of one component get."""

    slot: str
    """Empty when its Service selects no slot that we know, or does not exist."""
    image: str
    release: str
    """As noted on the Deployment: with equal images, other manifests are another release."""


Traffic = Mapping[str, Live]
"""By component."""


def traffic_of(environment: Environment, world: World) -> Traffic:
    """What every component's users get now."""
    slots = position(environment, world).slots
    found: dict[str, Live] = {}
    for component in environment.components:
        slot = slots[component.name]
        deployment = deployment_of(component, slot, world) if slot else None
        image = image_of(component, deployment) if deployment else ""
        noted = deployment.meta.annotations.get(facts.RELEASE, "") if deployment else ""
        found[component.name] = Live(slot or "", image, noted)
    return found


def epoch_seen(environment: Environment, world: World) -> int:
    """The highest epoch that any Service of the application carries: a lease that was deleted must not start below it."""
    services = (world.services.get(c.service) for c in environment.components)
    return max((facts.switch_facts(s.meta.annotations).epoch for s in services if s), default=0)


def encode(traffic: Traffic) -> dict[str, list[str]]:
    """For the journal."""
    return {name: [live.slot, live.image, live.release] for name, live in traffic.items()}


def decode(raw: object) -> Traffic | None:
    """Reverse of `encode`; None for a run that was opened without it."""
    if not isinstance(raw, Mapping):
        return None
    return {str(name): Live(*(str(part) for part in row)) for name, row in raw.items() if isinstance(row, list) and len(row) == 3}


def sentence(environment: Environment, world: World) -> str:
    """`users are on blue (v1.4.2)`."""
    here = position(environment, world)
    if here.problems:
        return "live traffic is adrift: " + "; ".join(here.problems)
    if here.split:
        return "live traffic is SPLIT: " + ", ".join(f"{name} → {slot}" for name, slot in here.slots.items())
    if here.active is None:
        return "no slot takes traffic yet"
    release = slot_release(environment, world, here.active)
    return f"users are on {here.active}" + (f" ({release})" if release else "")
