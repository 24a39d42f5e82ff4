"""Whether a second slot fits: quantities, quota arithmetic, and autoscalers that would shrink a waiting slot (SAFETY 1, rules 6, 11)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from console.domain.environment import Environment
from console.domain.hand import kubectl
from console.domain.ids import ComponentName, SlotName
from console.domain.quantity import BINARY, parse
from console.domain.records import deployment_of
from console.domain.world import Quota, World

_PLAIN = frozenset({"cpu", "memory", "ephemeral-storage"})
"""Quota names that mean the requests of a resource without saying so."""


def amount(value: Decimal, resource: str) -> str:
    """As a person says it: `2.5` CPUs, `1.5Gi` of memory."""
    if not resource.endswith(("memory", "storage")):
        return _decimal(value)
    for suffix in ("Ti", "Gi", "Mi", "Ki"):
        if value >= BINARY[suffix]:
            return _decimal(value / BINARY[suffix]) + suffix
    return _decimal(value)


def _decimal(value: Decimal) -> str:
    return f"{float(value):.2f}".rstrip("0").rstrip(".")


@dataclass(frozen=True)
class Need:
    """What one component would add to the namespace."""

    component: ComponentName
    pods: int
    """Pods more than there are now, those included that a rollout over running pods needs at one time."""
    requests: Mapping[str, str] = field(default_factory=dict)
    """Of one pod."""
    limits: Mapping[str, str] = field(default_factory=dict)
    """Of one pod."""
    deployments: int = 0
    """Deployments that do not exist yet."""


@dataclass(frozen=True)
class Headroom:
    """Whether it fits, and how closely."""

    problems: tuple[str, ...] = ()
    """What is missing, named."""
    warnings: tuple[str, ...] = ()
    summary: str = ""
    """`quota team: 6 more pods of 14 left`; empty where no quota counts pods."""


def headroom(world: World, needs: Iterable[Need]) -> Headroom:
    """Compare what the needs add with what every quota leaves."""
    if "ResourceQuota" in world.unread:
        return Headroom(warnings=("resource quotas may not be read: whether a second slot fits is not known",))
    wanted = [n for n in needs if n.pods > 0 or n.deployments > 0]
    problems: list[str] = []
    warnings: list[str] = []
    summary = ""
    for quota in sorted(world.quotas.values(), key=lambda q: q.name):
        for resource, hard in sorted(quota.hard.items()):
            extra, unstated = _extra(resource, wanted)
            if unstated:
                warnings.append(
                    f"quota {quota.name} counts {resource}, which {', '.join(unstated)} does not state: its pods may be refused"
                )
            left = parse(hard) - parse(quota.used.get(resource, "0"))
            if extra > left:
                problems.append(_missing(quota, resource, extra, left, hard))
            elif resource in ("pods", "count/pods"):
                summary = f"quota {quota.name}: {amount(extra, resource)} more pods of {amount(left, resource)} left"
    return Headroom(tuple(problems), tuple(warnings), summary)


def _missing(quota: Quota, resource: str, extra: Decimal, left: Decimal, hard: str) -> str:
    more, rest = amount(extra, resource), amount(max(left, Decimal(0)), resource)
    return f"quota {quota.name} leaves {rest} of {hard} {resource}, the second slot needs {more} more"


def _extra(resource: str, needs: Iterable[Need]) -> tuple[Decimal, list[str]]:
    """What the needs add to a quota's resource, and the components that do not say how much they take of it."""
    name = resource.removeprefix("count/")
    if name == "pods":
        return Decimal(sum(n.pods for n in needs)), []
    if name in ("deployments.apps", "replicasets.apps"):
        return Decimal(sum(n.deployments for n in needs)), []
    kind, _, of = resource.partition(".") if not resource.startswith("count/") else ("", "", "")
    if resource in _PLAIN:
        kind, of = "requests", resource
    if kind not in ("requests", "limits"):
        return Decimal(0), []
    stated = [(n, (n.requests if kind == "requests" else n.limits).get(of)) for n in needs if n.pods > 0]
    total = sum((n.pods * parse(each) for n, each in stated if each), Decimal(0))
    return total, [n.component for n, each in stated if each is None and of in ("cpu", "memory")]


def shrinking_autoscalers(
    environment: Environment, world: World, slot: SlotName, sizes: Mapping[ComponentName, int], *, why: str
) -> tuple[str, ...]:
    """Autoscalers whose minimum lies below the size that `slot` has to keep while it takes no traffic, with the command that raises it."""
    found: list[str] = []
    for component in environment.components:
        deployment = deployment_of(component, slot, world)
        size = sizes.get(component.name, 0)
        for scaler in world.autoscalers.values():
            if deployment is None or scaler.target_kind != "Deployment" or scaler.target_name != deployment.name:
                continue
            if scaler.minimum < size:
                patch = f'{{"spec":{{"minReplicas":{size}}}}}'
                raise_it = kubectl(environment, "patch", "hpa", scaler.name, "--type=merge", "-p", patch)
                found.append(
                    f"autoscaler {scaler.name} may shrink {deployment.name} to {scaler.minimum} {why}; raise its minimum: {raise_it}"
                )
    return tuple(found)
