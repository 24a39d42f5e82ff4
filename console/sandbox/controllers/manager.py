"""All controllers of one server, running together."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from console.sandbox.apiserver.registry import Registry
from console.sandbox.apiserver.writes import Clock
from console.sandbox.controllers.controller import Controller
from console.sandbox.controllers.deployment import DeploymentController
from console.sandbox.controllers.endpointslice import EndpointSliceController
from console.sandbox.controllers.garbage import GarbageCollector
from console.sandbox.controllers.job import JobController
from console.sandbox.controllers.namespace import NamespaceController
from console.sandbox.controllers.replicaset import ReplicaSetController
from console.sandbox.controllers.resourcequota import ResourceQuotaController


class Controllers:
    """The controllers over one registry."""

    def __init__(self, registry: Registry, *, now: Clock, authority: str = "") -> None:
        self._registry = registry
        self._all: tuple[Controller[Any], ...] = (
            DeploymentController(registry, now=now),
            ReplicaSetController(registry, now=now),
            EndpointSliceController(registry),
            JobController(registry, now=now),
            GarbageCollector(registry),
            NamespaceController(registry, authority=authority),
            ResourceQuotaController(registry),
        )

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run them for the length of the block."""
        for controller in self._all:
            controller.observe(self._registry.store)
        tasks = [asyncio.create_task(controller.run(), name=type(controller).__name__) for controller in self._all]
        try:
            yield
        finally:
            for controller in self._all:
                controller.queue.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
