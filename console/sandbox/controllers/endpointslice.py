"""The EndpointSlice controller: which pods a Service reaches, and whether each is ready, serving or on its way out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from console.sandbox.apiserver.registry import Registry
from console.sandbox.apiserver.resources import ENDPOINT_SLICES, PODS, SERVICES, Key, Object, Resource
from console.sandbox.apiserver.store import Change, Stored
from console.sandbox.apiserver.writes import Write
from console.sandbox.controllers.controller import Controller
from console.sandbox.controllers.objects import being_deleted, is_finished, is_ready, owner_reference

MANAGER: Final = Write(manager="kube-controller-manager")
SERVICE_NAME: Final = "kubernetes.io/service-name"
MANAGED_BY: Final = "endpointslice.kubernetes.io/managed-by"
MANAGED_VALUE: Final = "endpointslice-controller.k8s.io"
LARGEST_SLICE: Final = 100


class EndpointSliceController(Controller[Key]):
    """Keeps one or more slices per Service that has a selector."""

    watched = (SERVICES, PODS, ENDPOINT_SLICES)

    def __init__(self, registry: Registry) -> None:
        super().__init__()
        self._registry = registry

    def keys_of(self, resource: Resource, change: Change) -> Iterable[Key]:
        """A Service, the Service of a slice, or the Services that select a pod before or after a change."""
        if resource is SERVICES:
            if change.old is None or change.new is None or _face_of_service(change.old) != _face_of_service(change.new):
                yield change.key
        elif resource is ENDPOINT_SLICES:
            for stored in (change.old, change.new):
                if stored is not None and _is_ours(stored.body):
                    yield change.key[0], stored.body["metadata"]["labels"].get(SERVICE_NAME, "")
        elif _matters(change):
            for service in self._registry.store.of(SERVICES).all(change.key[0]):
                selector = _selector_of(service.body)
                if any(_is_selected(selector, stored) for stored in (change.old, change.new)):
                    yield service.key

    def reconcile(self, key: Key) -> float | None:
        """Bring the slices of one Service up to date."""
        service = self._registry.store.of(SERVICES).get(key)
        existing = self._slices_of(key)
        if service is None or not service.body["spec"].get("selector") or being_deleted(service.body):
            if service is not None:
                for stored in existing:
                    self._registry.delete(ENDPOINT_SLICES, stored.key)
            return None
        self._write(service, self._wanted(service), existing)
        return None

    def _slices_of(self, key: Key) -> list[Stored]:
        return [
            stored
            for stored in self._registry.store.of(ENDPOINT_SLICES).all(key[0])
            if _is_ours(stored.body) and stored.body["metadata"]["labels"].get(SERVICE_NAME) == key[1]
        ]

    def _wanted(self, service: Stored) -> list[tuple[list[Object], list[Object]]]:
        """Ports and endpoints of every slice; pods whose named ports differ have slices of their own."""
        groups: dict[str, tuple[list[Object], list[Object]]] = {}
        selector = _selector_of(service.body)
        for pod in self._registry.store.of(PODS).all(service.key[0]):
            if pod.body["status"].get("podIP") and _is_selected(selector, pod) and not is_finished(pod.body):
                ports = _ports(service.body, pod.body)
                groups.setdefault(repr(ports), (ports, []))[1].append(_endpoint(service.body, pod))
        slices: list[tuple[list[Object], list[Object]]] = []
        for ports, endpoints in groups.values():
            for start in range(0, len(endpoints), LARGEST_SLICE):
                slices.append((ports, endpoints[start : start + LARGEST_SLICE]))
        return slices or [([], [])]

    def _write(self, service: Stored, wanted: list[tuple[list[Object], list[Object]]], existing: list[Stored]) -> None:
        """Reuse slices in their order, create what is missing, delete what is left."""
        labels = _labels(service)
        for (ports, endpoints), stored in zip(wanted, existing, strict=False):
            if (stored.body.get("endpoints") or [], stored.body.get("ports") or []) != (endpoints, ports) or stored.body["metadata"].get(
                "labels"
            ) != labels:
                self._registry.update(ENDPOINT_SLICES, stored.key, _replacing(ports, endpoints, labels), MANAGER)
        for ports, endpoints in wanted[len(existing) :]:
            body: Object = {
                "metadata": {
                    "generateName": f"{service.key[1]}-",
                    "labels": labels,
                    "ownerReferences": [owner_reference(SERVICES, service)],
                },
                "addressType": "IPv4",
                "endpoints": endpoints,
                "ports": ports,
            }
            self._registry.create(ENDPOINT_SLICES, service.key[0], body, MANAGER)
        for stored in existing[len(wanted) :]:
            self._registry.delete(ENDPOINT_SLICES, stored.key)


def _is_ours(body: Object) -> bool:
    return bool((body["metadata"].get("labels") or {}).get(MANAGED_BY) == MANAGED_VALUE)


def _selector_of(service: Object) -> Iterable[tuple[str, str]]:
    selector: Mapping[str, str] = service["spec"].get("selector") or {}
    return selector.items()


def _is_selected(selector: Iterable[tuple[str, str]], pod: Stored | None) -> bool:
    """Whether a pod has every label of a selector; an empty one selects nothing."""
    if not selector or pod is None:
        return False
    labels: Mapping[str, str] = pod.body["metadata"].get("labels") or {}
    return all(labels.get(key) == value for key, value in selector)


def _face_of_service(service: Stored) -> Any:
    metadata = service.body["metadata"]
    return service.body["spec"], metadata.get("labels"), metadata["uid"], metadata.get("deletionTimestamp")


def _matters(change: Change) -> bool:
    """Whether a pod's change can be seen in a slice."""
    return bool(_face(change.old) != _face(change.new))


def _face(pod: Stored | None) -> Any:
    if pod is None:
        return None
    body = pod.body
    return (
        body["status"].get("podIP"),
        is_ready(body),
        is_finished(body),
        being_deleted(body),
        body["spec"].get("nodeName"),
        body["metadata"].get("labels"),
        body["metadata"]["uid"],
    )


def _labels(service: Stored) -> dict[str, str]:
    own: Mapping[str, str] = service.body["metadata"].get("labels") or {}
    labels = {**own, MANAGED_BY: MANAGED_VALUE, SERVICE_NAME: service.key[1]}
    if service.body["spec"].get("clusterIP") == "None":
        labels["service.kubernetes.io/headless"] = ""
    return labels


def _ports(service: Object, pod: Object) -> list[Object]:
    """The Service's ports with the pod's numbers; a named port that the pod does not have is left out."""
    found: list[Object] = []
    for port in service["spec"].get("ports", ()):
        number = _number(port, pod)
        if number is not None:
            described: Object = {"name": port.get("name", ""), "protocol": port["protocol"], "port": number}
            if "appProtocol" in port:
                described["appProtocol"] = port["appProtocol"]
            found.append(described)
    return found


def _number(port: Object, pod: Object) -> int | None:
    target = port.get("targetPort", port["port"])
    if isinstance(target, int):
        return target
    for container in pod["spec"].get("containers", ()):
        for each in container.get("ports", ()):
            if each.get("name") == target and each.get("protocol", "TCP") == port["protocol"]:
                return int(each["containerPort"])
    return None


def _endpoint(service: Object, pod: Stored) -> Object:
    body = pod.body
    serving = is_ready(body)
    terminating = being_deleted(body)
    ready = service["spec"].get("publishNotReadyAddresses", False) or (serving and not terminating)
    endpoint: Object = {
        "addresses": [body["status"]["podIP"]],
        "conditions": {"ready": ready, "serving": serving, "terminating": terminating},
        "targetRef": {"kind": "Pod", "namespace": pod.key[0], "name": pod.key[1], "uid": pod.uid},
    }
    if body["spec"].get("nodeName"):
        endpoint["nodeName"] = body["spec"]["nodeName"]
    return endpoint


def _replacing(ports: list[Object], endpoints: list[Object], labels: dict[str, str]) -> Any:
    def replaced(live: Object) -> Object:
        live["metadata"]["labels"] = labels
        return live | {"ports": ports, "endpoints": endpoints}

    return replaced
