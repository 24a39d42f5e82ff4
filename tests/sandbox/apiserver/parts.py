"""A registry over an empty store with a clock that stands still, and small objects to put into it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from console.sandbox.apiserver import bootstrap
from console.sandbox.apiserver.admission import Admission
from console.sandbox.apiserver.registry import Registry
from console.sandbox.apiserver.resources import CONFIG_MAPS, Object
from console.sandbox.apiserver.store import Store, Stored
from console.sandbox.apiserver.writes import Write

WRITE = Write(manager="test")
NAMESPACE = "default"


class StoppedClock:
    """Shows the same time until it is moved."""

    def __init__(self) -> None:
        self.time = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def forward(self, seconds: float) -> None:
        """Move on."""
        self.time += timedelta(seconds=seconds)


def fresh_registry(*, window: int = 100, clock: StoppedClock | None = None) -> Registry:
    """A registry with what every cluster begins with."""
    store = Store(window=window)
    registry = Registry(store, Admission(store), now=clock or StoppedClock())
    bootstrap.fill(registry)
    return registry


def config_map(registry: Registry, name: str, *, labels: dict[str, str] | None = None, **data: str) -> Stored:
    """A new ConfigMap."""
    body: Object = {"metadata": {"name": name, "labels": labels or {}}, "data": data}
    return registry.create(CONFIG_MAPS, NAMESPACE, body, WRITE).object


def set_data(registry: Registry, name: str, **data: str) -> Stored:
    """Change a ConfigMap's data."""
    return registry.update(CONFIG_MAPS, (NAMESPACE, name), lambda live: live | {"data": data}, WRITE).object


def relabel(registry: Registry, name: str, **labels: str) -> Stored:
    """Change a ConfigMap's labels."""

    def change(live: Object) -> Object:
        live["metadata"]["labels"] = labels
        return live

    return registry.update(CONFIG_MAPS, (NAMESPACE, name), change, WRITE).object
