"""Cluster DNS for forked containers: Services' names lead to their loopback ports.

A rehearsal has no name server, so the lookup of a Service's name is answered in the process, from a file that the service proxy keeps.
Every other name is looked up as usual.
"""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

_SUFFIXES = (".svc.cluster.local", ".svc", "")


def install(file: str, *, namespace: str) -> None:
    """Answer lookups of Services from this file, `name.namespace` to ports; a bare name means the pod's own namespace."""
    usual = socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *rest: Any, **options: Any) -> Any:
        found = find(Path(file), host, port, namespace) if isinstance(host, str) else None
        return usual(*(found or (host, port)), *rest, **options)

    socket.getaddrinfo = getaddrinfo


def find(file: Path, host: str, port: object, namespace: str) -> tuple[str, int] | None:
    """The loopback address and port of a Service's port; None for any other name. A Service that has not this port is unknown."""
    name = next(host.removesuffix(suffix) for suffix in _SUFFIXES if host.endswith(suffix))
    full = name if "." in name else f"{name}.{namespace}"
    try:
        services = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return None
    number = services.get(full, {}).get(str(port))
    return None if number is None else ("127.0.0.1", number)
