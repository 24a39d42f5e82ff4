"""What we may not do, asked before anything is changed: verbs of every step that writes, of the lease, and of what is read to judge."""

from __future__ import annotations

from collections.abc import Iterable

from console.domain.environment import Environment
from console.domain.errors import PortError
from console.domain.wording import listed
from console.engine.failures import Failure, failure_of
from console.engine.lease import lease_name
from console.engine.ports import AccessRule, Cluster

_LOOKING = (
    AccessRule("list", "services"),
    AccessRule("get", "services"),
    AccessRule("list", "deployments", "apps"),
    AccessRule("get", "deployments", "apps"),
)
_PROVING = (
    AccessRule("list", "configmaps"),
    AccessRule("list", "pods"),
    AccessRule("list", "replicasets", "apps"),
    AccessRule("list", "endpointslices", "discovery.k8s.io"),
)
"""Without these a way back is still taken, and proved as far as it can be seen."""


def driving(environment: Environment, direction: str) -> tuple[AccessRule, ...]:
    """What every run needs beside its own writes."""
    name = lease_name(environment.application)
    group = "coordination.k8s.io"
    lease = (
        AccessRule("get", "leases", group, name=name),
        AccessRule("create", "leases", group),
        AccessRule("patch", "leases", group, name=name),
    )
    return (*_LOOKING, *lease, *(() if direction == "back" else _PROVING))


async def missing(cluster: Cluster, rules: Iterable[AccessRule]) -> frozenset[AccessRule]:
    """Those of `rules` that we do not have. A server that does not answer the question forbids nothing by that."""
    try:
        return frozenset(await cluster.may(tuple(dict.fromkeys(rules))))
    except PortError as error:
        if failure_of(error) is Failure.LOGIN:
            raise
        return frozenset()


def sentence(rules: Iterable[AccessRule]) -> str:
    """`you may not patch services, create leases.coordination.k8s.io here: ask for the operator's role`; empty for none."""
    named = listed(dict.fromkeys(str(rule) for rule in rules))
    return f"you may not {named} here: ask for the operator's role" if named else ""
