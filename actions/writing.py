"""One guarded write, and the name of whoever stood in its way."""

from __future__ import annotations

from console.domain.change import Write, Written
from console.domain.errors import PortError
from console.domain.world import Deployment, Service
from console.domain.writers import last_hand
from console.engine.action import Ports

CHANGED = (404, 409, 422)
"""Answers to a write whose object is not what the plan saw."""


async def put(ports: Ports, write: Write) -> Written:
    """Prove that we still drive, then write. A conflict is raised with the name of whoever wrote to the object last."""
    await ports.guard()
    try:
        return await ports.cluster.write(write)
    except PortError as problem:
        if problem.status not in CHANGED:
            raise
        raise await _told(ports, write, problem) from problem


async def _told(ports: Ports, write: Write, problem: PortError) -> PortError:
    """The same failure in words of the object; the server's own where that cannot be read."""
    found: Service | Deployment | None
    try:
        match write.kind:
            case "Service":
                found = await ports.cluster.get_service(write.name)
            case "Deployment":
                found = await ports.cluster.get_deployment(write.name)
            case _:
                return problem
    except PortError:
        return problem
    if found is None:
        text = f"{write.kind} {write.name} does not exist any more"
    elif hand := last_hand(found.meta):
        text = f"{write.kind} {write.name} is not what was planned on ({hand} wrote to it last): {problem.message}"
    else:
        return problem
    return PortError(text, hint=problem.hint, status=problem.status, reason=problem.reason, sent=problem.sent)
