"""What all containers of one node share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from console.sandbox.network import PodNetwork
from console.sandbox.nodes.api import NodeApi
from console.sandbox.nodes.events import Recorder
from console.sandbox.nodes.images import ImageCatalog
from console.sandbox.nodes.runtime import Runtime

Services = Callable[[], Mapping[str, Mapping[int, int]]]
"""For each Service (`name.namespace`), its ports and the loopback ports that stand for them."""


@dataclass(frozen=True, kw_only=True)
class Shared:
    """What all nodes share."""

    api: NodeApi
    runtime: Runtime
    network: PodNetwork
    catalogue: ImageCatalog
    session: aiohttp.ClientSession
    """For probes."""
    services: Services
    folder: Path
    backoff_scale: float = 1.0
    """Factor on crash and pull back-off; 1 is Kubernetes' own 10 s to 5 min."""


@dataclass(frozen=True, kw_only=True)
class Host:
    """One node."""

    name: str
    address: str
    shared: Shared
    events: Recorder
    present: set[str] = field(default_factory=set)
    """Digests of the images that were pulled."""


def now() -> datetime:
    """This machine's time, as statuses write it."""
    return datetime.now(UTC)
