"""All controllers of one server, running together."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from console.sandbox.apiserver.registry import Clock, Registry
from console.sandbox.controllers.controller import Controller
from console.sandbox.controllers.deployment import DeploymentController
from console.sandbox.controllers.endpointslice import EndpointSliceController
from console.sandbox.controllers.replicaset import ReplicaSetController


class Controllers:
    """The controllers over one registry."""

    def __init__(self, registry: Registry, *, now: Clock) -> None:
        self._registry = registry
        self._all: tuple[Controller, ...] = (
            DeploymentController(registry, now=now),
            ReplicaSetController(registry, now=now),
            EndpointSliceController(registry),
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
