"""Rules of the smaller kinds, and which rules hold for which kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from console.sandbox.apiserver.errors import Cause, invalid_value, required
from console.sandbox.apiserver.resources import Object
from console.sandbox.apiserver.rules import pods, workloads
from console.sandbox.apiserver.rules.metadata import labels

Rules = Callable[[Object], Iterable[Cause]]


def causes(kind: str, body: Object) -> Iterable[Cause]:
    """What is wrong with an object of a kind."""
    rules = RULES.get(kind)
    return rules(body) if rules else ()


def _pod(body: Object) -> Iterator[Cause]:
    yield from pods.causes("spec", body["spec"])


def _service(body: Object) -> Iterator[Cause]:
    spec = body["spec"]
    ports = spec.get("ports", ())
    if not ports and spec.get("type") != "ExternalName" and spec.get("clusterIP") != "None":
        yield required("spec.ports")
    for index, port in enumerate(ports):
        if len(ports) > 1 and not port.get("name"):
            yield required(f"spec.ports[{index}].name")
        if not 0 < port.get("port", 0) < 65536:
            yield invalid_value(f"spec.ports[{index}].port", port.get("port", 0), "must be between 1 and 65535, inclusive")
    yield from labels("spec.selector", spec.get("selector", {}))


def _lease(body: Object) -> Iterator[Cause]:
    spec = body["spec"]
    if spec.get("leaseDurationSeconds", 1) <= 0:
        yield invalid_value("spec.leaseDurationSeconds", spec["leaseDurationSeconds"], "must be greater than 0")
    if spec.get("leaseTransitions", 0) < 0:
        yield invalid_value("spec.leaseTransitions", spec["leaseTransitions"], "must be greater than or equal to 0")


def _event(body: Object) -> Iterator[Cause]:
    namespace = body["metadata"].get("namespace", "")
    involved = body["involvedObject"].get("namespace", "")
    if involved != namespace and (involved or namespace != "default"):
        yield invalid_value("involvedObject.namespace", involved, "does not match event.namespace")


def _autoscaler(body: Object) -> Iterator[Cause]:
    spec = body["spec"]
    lowest, highest = spec["minReplicas"], spec.get("maxReplicas", 0)
    if lowest < 1:
        yield invalid_value("spec.minReplicas", lowest, "must be greater than or equal to 1")
    if highest < lowest:
        yield invalid_value("spec.maxReplicas", highest, "must be greater than or equal to `minReplicas`")
    target = spec["scaleTargetRef"]
    for name in ("kind", "name"):
        if not target.get(name):
            yield required(f"spec.scaleTargetRef.{name}")
    if not target.get("apiVersion"):
        yield invalid_value("spec.scaleTargetRef.apiVersion", "", "apiVersion must specify API group")
    if highest < 1:
        yield required("spec.maxReplicas")


def _role_binding(body: Object) -> Iterator[Cause]:
    if not body["roleRef"].get("name"):
        yield required("roleRef.name")


def _endpoint_slice(body: Object) -> Iterator[Cause]:
    if not body.get("addressType"):
        yield required("addressType")
    for index, endpoint in enumerate(body.get("endpoints") or ()):
        if not endpoint.get("addresses"):
            yield required(f"endpoints[{index}].addresses", "must contain at least 1 address")


RULES: Final[Mapping[str, Rules]] = {
    "Deployment": workloads.deployment,
    "ReplicaSet": workloads.replica_set,
    "Job": workloads.job,
    "Pod": _pod,
    "Service": _service,
    "Lease": _lease,
    "Event": _event,
    "HorizontalPodAutoscaler": _autoscaler,
    "RoleBinding": _role_binding,
    "ClusterRoleBinding": _role_binding,
    "EndpointSlice": _endpoint_slice,
}
