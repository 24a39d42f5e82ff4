"""ResourceQuotas: what a namespace uses, and the refusal of what would exceed a hard limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Final

from console.sandbox.apiserver.errors import forbidden
from console.sandbox.apiserver.quantities import parse, render
from console.sandbox.apiserver.resources import (
    CONFIG_MAPS,
    DEPLOYMENTS,
    JOBS,
    PODS,
    QUOTAS,
    REPLICA_SETS,
    SECRETS,
    SERVICES,
    Object,
    Resource,
)
from console.sandbox.apiserver.store import Store

Usage = dict[str, Fraction]

COUNTED: Final[Mapping[str, Resource]] = {
    "pods": PODS,
    "services": SERVICES,
    "configmaps": CONFIG_MAPS,
    "secrets": SECRETS,
    "resourcequotas": QUOTAS,
    "count/pods": PODS,
    "count/services": SERVICES,
    "count/configmaps": CONFIG_MAPS,
    "count/secrets": SECRETS,
    "count/deployments.apps": DEPLOYMENTS,
    "count/replicasets.apps": REPLICA_SETS,
    "count/jobs.batch": JOBS,
}
_BARE: Final = {"cpu": "requests.cpu", "memory": "requests.memory"}


def usage_of(resource: Resource, body: Object) -> Usage:
    """What one object counts towards each quota key."""
    usage: Usage = {name: Fraction(1) for name, counted in COUNTED.items() if counted is resource}
    if resource is PODS:
        if body["status"].get("phase") in ("Succeeded", "Failed"):
            return {"count/pods": Fraction(1)}
        usage |= _pod_amounts(body["spec"])
    return usage


def _pod_amounts(spec: Object) -> Usage:
    """A pod's requests and limits: the sum of its containers, or the largest init container if that is more."""
    amounts: Usage = {}
    for part in ("requests", "limits"):
        for container in spec.get("containers", ()):
            for name, text in container.get("resources", {}).get(part, {}).items():
                amounts[f"{part}.{name}"] = amounts.get(f"{part}.{name}", Fraction(0)) + parse(text)
        for container in spec.get("initContainers", ()):
            for name, text in container.get("resources", {}).get(part, {}).items():
                amounts[f"{part}.{name}"] = max(amounts.get(f"{part}.{name}", Fraction(0)), parse(text))
    return amounts | {bare: amounts[full] for bare, full in _BARE.items() if full in amounts}


class Quotas:
    """The quotas of all namespaces over one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def used(self, quota: Object, namespace: str) -> dict[str, str]:
        """The usage of every hard key, recounted."""
        hard = quota["spec"].get("hard") or {}
        totals: Usage = {name: Fraction(0) for name in hard}
        for resource in {COUNTED[name] for name in hard if name in COUNTED} | {PODS}:
            for stored in self._store.of(resource).all(namespace):
                for name, amount in usage_of(resource, stored.body).items():
                    if name in totals:
                        totals[name] += amount
        return {name: render(totals[name], binary=hard[name].endswith("i")) for name in hard}

    def admit(self, resource: Resource, body: Object, *, old: Object | None) -> None:
        """Refuse an object whose growth does not fit, in the words of the quota admission plugin."""
        namespace = body["metadata"].get("namespace", "")
        quotas = [each for each in self._store.of(QUOTAS).all(namespace)] if namespace else []
        if not quotas or (resource is not PODS and old is not None) or resource not in COUNTED.values():
            return
        wanted = usage_of(resource, body)
        before = usage_of(resource, old) if old is not None else {}
        growth = {name: amount - before.get(name, Fraction(0)) for name, amount in wanted.items()}
        name = body["metadata"].get("name") or body["metadata"].get("generateName", "")
        for quota in quotas:
            hard = quota.body["spec"].get("hard") or {}
            if resource is PODS and old is None:
                _require_stated(hard, body["spec"].get("containers", ()), resource, name, quota.key[1])
            self._fit(resource, name, quota.key[1], hard, growth, self.used(quota.body, namespace))

    def _fit(self, resource: Resource, name: str, quota: str, hard: Mapping[str, str], growth: Usage, used: Mapping[str, str]) -> None:
        over = sorted(key for key in hard if growth.get(key, Fraction(0)) > 0 and parse(used[key]) + growth[key] > parse(hard[key]))
        if over:
            requested = ",".join(f"{key}={render(growth[key], binary=hard[key].endswith('i'))}" for key in over)
            in_use = ",".join(f"{key}={used[key]}" for key in over)
            limited = ",".join(f"{key}={hard[key]}" for key in over)
            raise forbidden(resource, name, f"exceeded quota: {quota}, requested: {requested}, used: {in_use}, limited: {limited}")


def _require_stated(hard: Mapping[str, str], containers: Sequence[Object], resource: Resource, name: str, quota: str) -> None:
    """A quota on cpu or memory needs every container to state its share."""
    needed = sorted(key for key in hard if key.split(".")[0] in ("requests", "limits", "cpu", "memory"))
    lines = []
    for key in needed:
        part, _, amount = key.rpartition(".")
        without = [each["name"] for each in containers if amount not in each.get("resources", {}).get(part or "requests", {})]
        if without:
            lines.append(f"{key} for: {','.join(without)}")
    if lines:
        raise forbidden(resource, name, f"failed quota: {quota}: must specify {'; '.join(lines)}")
