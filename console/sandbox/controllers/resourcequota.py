"""The ResourceQuota controller: the usage that a quota's status shows. Enforcement is the API server's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from console.sandbox.apiserver.quota import COUNTED, Quotas, usage_of
from console.sandbox.apiserver.registry import Registry
from console.sandbox.apiserver.resources import QUOTAS, Key, Object, Resource
from console.sandbox.apiserver.store import Change, Stored
from console.sandbox.apiserver.writes import Write
from console.sandbox.controllers.controller import Controller

STATUS: Final = Write(manager="kube-controller-manager", subresource="status")


class ResourceQuotaController(Controller[Key]):
    """Keeps status.hard and status.used."""

    watched = tuple(dict.fromkeys((QUOTAS, *COUNTED.values())))

    def __init__(self, registry: Registry) -> None:
        super().__init__()
        self._registry = registry
        self._quotas = Quotas(registry.store)

    def keys_of(self, resource: Resource, change: Change) -> Iterable[Key]:
        """A quota, or all quotas of the namespace in which usage changed."""
        if resource is QUOTAS and change.new is not None:
            yield change.key
        if _used(resource, change.old) != _used(resource, change.new):
            yield from (quota.key for quota in self._registry.store.of(QUOTAS).all(change.key[0]))

    def reconcile(self, key: Key) -> float | None:
        """Count again."""
        quota = self._registry.store.of(QUOTAS).get(key)
        if quota is None:
            return None
        status: Object = {"hard": quota.body["spec"].get("hard", {}), "used": self._quotas.used(quota.body, key[0])}
        if status != quota.body["status"]:
            self._registry.update(QUOTAS, key, lambda live: live | {"status": status}, STATUS)
        return None


def _used(resource: Resource, stored: Stored | None) -> object:
    return usage_of(resource, stored.body) if stored else {}
