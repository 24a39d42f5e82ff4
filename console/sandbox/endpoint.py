"""How a rehearsal API server is reached: its address, its certificate authority and the users it knows.

The real control plane and the embedded server both describe themselves with an `ApiEndpoint`, so whatever runs against one runs against
the other. `IDENTITIES` names the users both create; what each may do is written in config/k8s/rbac and console/sandbox/rbac.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import yaml

VIEWERS, OPERATORS = "bluegreen-viewers", "bluegreen-operators"


@dataclass(frozen=True)
class Identity:
    """A user of the rehearsal, as SelfSubjectReview would answer."""

    name: str
    groups: tuple[str, ...]


IDENTITIES: Mapping[str, Identity] = MappingProxyType(
    {
        identity.name: identity
        for identity in (
            Identity("admin", ("system:masters",)),
            Identity("operator", (OPERATORS,)),
            Identity("operator-2", (OPERATORS,)),
            Identity("viewer", (VIEWERS,)),
            Identity("limited", ("bluegreen-limited",)),
            Identity("node-agent", ("bluegreen-node-agents",)),
        )
    }
)


@dataclass(frozen=True)
class ApiEndpoint:
    """One API server, ready to be talked to."""

    server: str
    """The URL, without a trailing slash."""
    ca_file: Path | None
    """The authority that signed the server's certificate; None for plain http."""
    users: Mapping[str, str]
    """User name to bearer token: the keys of IDENTITIES."""


def write_kubeconfig(path: Path, endpoint: ApiEndpoint, user: str, namespace: str, *, also: Sequence[str] = ()) -> Path:
    """Write a kubeconfig, readable by its owner only, whose current context is `user`; `also` adds a context per further user."""
    names = (user, *also)
    cluster: dict[str, str] = {"server": endpoint.server}
    if endpoint.ca_file is not None:
        cluster["certificate-authority"] = str(endpoint.ca_file.absolute())
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "rehearsal", "cluster": cluster}],
        "users": [{"name": name, "user": {"token": endpoint.users[name]}} for name in names],
        "contexts": [{"name": name, "context": {"cluster": "rehearsal", "user": name, "namespace": namespace}} for name in names],
        "current-context": user,
    }
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        yaml.safe_dump(document, file, sort_keys=False)
    return path
