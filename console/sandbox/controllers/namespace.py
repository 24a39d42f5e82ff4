"""The namespace controllers: what every namespace begins with, and emptying one that is being deleted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from console.sandbox.apiserver.registry import Registry
from console.sandbox.apiserver.resources import (
    CONFIG_MAPS,
    EVENTS,
    NAMESPACES,
    SERVICE_ACCOUNTS,
    STORED,
    Object,
    Resource,
)
from console.sandbox.apiserver.store import Change
from console.sandbox.apiserver.writes import Write
from console.sandbox.controllers.controller import Controller
from console.sandbox.controllers.objects import being_deleted

MANAGER: Final = Write(manager="kube-controller-manager")
FINALIZE: Final = Write(manager="kube-controller-manager", subresource="finalize")
CONTENT: Final = (*(resource for resource in STORED if resource.namespaced and resource is not EVENTS), EVENTS)
"""Events go last: they tell of the deletion of everything else."""
ROOT_CA: Final = "kube-root-ca.crt"
ROOT_CA_USE: Final = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or "
    "kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters."
)


class NamespaceController(Controller[str]):
    """Works on names of namespaces."""

    watched = (NAMESPACES, *CONTENT)

    def __init__(self, registry: Registry, *, authority: str) -> None:
        super().__init__()
        self._registry = registry
        self._authority = authority
        """The certificate that pods would trust the server by, as PEM."""

    def keys_of(self, resource: Resource, change: Change) -> Iterable[str]:
        """A namespace, or the one that an object is gone from."""
        if resource is NAMESPACES:
            if change.new is not None:
                yield change.key[1]
        elif change.new is None:
            yield change.key[0]

    def reconcile(self, key: str) -> float | None:
        """Furnish a namespace, or empty it and let it go."""
        namespace = self._registry.store.of(NAMESPACES).get(("", key))
        if namespace is None:
            return None
        if not being_deleted(namespace.body):
            self._furnish(key)
            return None
        if not self._empty(key) and namespace.body["spec"].get("finalizers"):
            self._registry.update(NAMESPACES, namespace.key, _finalized, FINALIZE)
        return None

    def _furnish(self, name: str) -> None:
        """The default ServiceAccount and the ConfigMap with the cluster's authority."""
        furniture: tuple[tuple[Resource, Object], ...] = (
            (SERVICE_ACCOUNTS, {"metadata": {"name": "default"}}),
            (
                CONFIG_MAPS,
                {
                    "metadata": {"name": ROOT_CA, "annotations": {"kubernetes.io/description": ROOT_CA_USE}},
                    "data": {"ca.crt": self._authority},
                },
            ),
        )
        for resource, body in furniture:
            if self._registry.store.of(resource).get((name, body["metadata"]["name"])) is None:
                self._registry.create(resource, name, body, MANAGER)

    def _empty(self, name: str) -> bool:
        """Delete what is there; whether something remains for now."""
        remains = False
        for resource in CONTENT:
            if resource is EVENTS and remains:
                continue
            for stored in list(self._registry.store.of(resource).all(name)):
                if not being_deleted(stored.body):
                    self._registry.delete(resource, stored.key)
            remains = remains or any(True for _ in self._registry.store.of(resource).all(name))
        return remains


def _finalized(live: Object) -> Object:
    live["spec"]["finalizers"] = []
    return live
