"""What the namespace says to a write: is it there, is it going, is there quota left; and what admission fills in."""

from __future__ import annotations

import ipaddress
from typing import Any, Final

from console.sandbox.apiserver import defaults
from console.sandbox.apiserver.errors import ApiError, Cause, forbidden, invalid, not_found
from console.sandbox.apiserver.quota import Quotas
from console.sandbox.apiserver.resources import NAMESPACES, PODS, SERVICES, Object, Resource
from console.sandbox.apiserver.store import Store, Stored

SERVICE_NETWORK: Final = ipaddress.IPv4Network("10.96.0.0/16")
NODE_PORTS: Final = range(30000, 32768)


class Admission:
    """The checks and completions between a decoded object and the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._quotas = Quotas(store)
        self._addresses: set[str] = set()
        self._next_address = int(SERVICE_NETWORK.network_address) + 10

    def namespace_open(self, resource: Resource, namespace: str, name: str) -> None:
        """Refuse a create in a namespace that is not there or is being deleted."""
        if not resource.namespaced:
            return
        found = self._store.of(NAMESPACES).get(("", namespace))
        if found is None:
            raise not_found(NAMESPACES, namespace)
        if "deletionTimestamp" in found.body["metadata"]:
            error = forbidden(resource, name, f"unable to create new content in namespace {namespace} because it is being terminated")
            cause = {
                "reason": "NamespaceTerminating",
                "message": f"namespace {namespace} is being terminated",
                "field": "metadata.namespace",
            }
            raise ApiError(403, "Forbidden", error.message, details={**(error.details or {}), "causes": [cause]})

    def complete(self, resource: Resource, body: Object, *, old: Object | None = None) -> None:
        """Fill in what admission and the allocators add."""
        if resource is PODS and old is None:
            defaults.admit_pod(body)
        elif resource is SERVICES:
            self._give_address(body, old)

    def admit_create(self, resource: Resource, body: Object) -> None:
        """Refuse what would exceed a quota."""
        self._quotas.admit(resource, body, old=None)

    def admit_update(self, resource: Resource, old: Object, body: Object) -> None:
        """Refuse growth past a quota."""
        self._quotas.admit(resource, body, old=old)

    def removed(self, stored: Stored) -> None:
        """Give back what an object held."""
        if stored.resource is SERVICES:
            self._addresses.discard(stored.body["spec"].get("clusterIP", ""))

    def _give_address(self, body: Object, old: Object | None) -> None:
        spec: dict[str, Any] = body["spec"]
        if spec.get("type") == "ExternalName":
            return
        spec.setdefault("ipFamilies", ["IPv4"])
        spec.setdefault("ipFamilyPolicy", "SingleStack")
        if old is not None:
            for field in ("clusterIP", "clusterIPs", "healthCheckNodePort"):
                if field in old["spec"]:
                    spec.setdefault(field, old["spec"][field])
        address = spec.get("clusterIP")
        if not address:
            address = spec["clusterIP"] = self._free_address()
        elif old is None and address in self._addresses:
            why = f"failed to allocate IP {address}: provided IP is already allocated"
            raise invalid(SERVICES, body["metadata"]["name"], [Cause("spec.clusterIPs", f'Invalid value: ["{address}"]: {why}')])
        if address != "None":
            self._addresses.add(address)
        spec.setdefault("clusterIPs", [address])
        if spec.get("type") in ("NodePort", "LoadBalancer"):
            self._give_node_ports(spec)

    def _free_address(self) -> str:
        while True:
            address = str(ipaddress.IPv4Address(self._next_address))
            self._next_address += 1
            if address not in self._addresses:
                return address

    def _give_node_ports(self, spec: dict[str, Any]) -> None:
        used = {port.get("nodePort") for each in self._store.of(SERVICES).all() for port in each.body["spec"].get("ports", ())}
        for port in spec.get("ports", ()):
            if "nodePort" not in port:
                port["nodePort"] = next(number for number in NODE_PORTS if number not in used)
                used.add(port["nodePort"])
