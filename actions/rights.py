"""What the API server has to allow for a write of ours, object by object: a role may be narrowed to names."""

from __future__ import annotations

from collections.abc import Iterable

from console.domain.environment import Environment
from console.domain.ids import SlotName
from console.domain.records import history_record_name
from console.engine.action import Bindings
from console.engine.ports import AccessRule


def switching(environment: Environment, bindings: Bindings) -> tuple[AccessRule, ...]:
    """To move live traffic; in an empty namespace the Services are made first."""
    if environment.strategy == "rolling":
        return ()
    made = (AccessRule("create", "services"),) if bindings.active is None else ()
    return (*noting(environment), *made)


def noting(environment: Environment) -> tuple[AccessRule, ...]:
    """To write on the Services."""
    return tuple(AccessRule("patch", "services", name=c.service) for c in environment.components)


def filling(environment: Environment, bindings: Bindings, slot: SlotName) -> tuple[AccessRule, ...]:
    """To put a release into `slot`."""
    if not any(c.manifest for c in environment.components):
        return sizing(environment, (slot,))
    made = [AccessRule("create", "deployments", "apps")]
    made += [AccessRule("create", "services")] if bindings.active is None and environment.strategy == "rolling" else []
    return (*sizing(environment, (slot,)), *made)


def sizing(environment: Environment, slots: Iterable[SlotName]) -> tuple[AccessRule, ...]:
    """To write on the Deployments of `slots`."""
    named = (c.deployments[s] for s in slots for c in environment.components if s in c.deployments)
    return tuple(AccessRule("patch", "deployments", "apps", name=name) for name in named)


def recording(environment: Environment) -> tuple[AccessRule, ...]:
    """To keep releases and slot history in the cluster."""
    name = history_record_name(environment.application)
    return (AccessRule("create", "configmaps"), AccessRule("patch", "configmaps", name=name))
