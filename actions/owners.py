"""Who else holds fields of a Deployment that we apply: decides whether a server-side apply has to take them over."""

from __future__ import annotations

from console.domain.facts import MANAGER, PREFIX
from console.domain.world import Deployment, FieldManager

_MIGRATED = ("kubectl-client-side-apply", "before-first-apply")
"""Their fields become ours before our first apply."""


def writers_of_spec(deployment: Deployment) -> tuple[FieldManager, ...]:
    """Managers besides our own apply that hold parts of the specification; our own patches are among them."""
    return tuple(m for m in _others(deployment) if any(p.startswith("spec.") for p in m.paths))


def needs_force(deployment: Deployment) -> bool:
    """Our patches of size and notes, an autoscaler or a person hold what an apply sets: without force it would be refused.

    To the API server our own patches are another manager than our apply. People's writes are named in the plan before.
    """
    return any(p.startswith(("spec.", f"metadata.annotations.{PREFIX}")) for m in _others(deployment) for p in m.paths)


def _others(deployment: Deployment) -> list[FieldManager]:
    return [
        m
        for m in deployment.meta.managers
        if (m.name, m.operation) != (MANAGER, "Apply") and m.name not in _MIGRATED and m.subresource != "status"
    ]
