"""Rules an object must keep, with the causes a real API server names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from console.sandbox.apiserver import quantities, selectors
from console.sandbox.apiserver.errors import Cause, duplicate, forbidden_value, invalid, invalid_value, required, unsupported_value
from console.sandbox.apiserver.resources import Object, Resource

Rules = Callable[[Object], Iterable[Cause]]

SUBDOMAIN: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
LABEL_VALUE: Final = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")
QUALIFIED: Final = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")

_SUBDOMAIN_RULE: Final = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
_LABEL_RULE: Final = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric "
    "character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
_VALUE_RULE: Final = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)


def check_new(resource: Resource, body: Object) -> None:
    """Refuse an object that may not be created."""
    causes = [*_metadata(resource, body), *RULES.get(resource.kind, _no_rules)(body)]
    _refuse(resource, body, causes)


def check_update(resource: Resource, old: Object, new: Object, subresource: str) -> None:
    """Refuse a state that may not be written over the old one."""
    causes = list(_metadata(resource, new))
    if subresource != "status":
        causes += RULES.get(resource.kind, _no_rules)(new)
        causes += _immutable(resource, old, new)
    _refuse(resource, new, causes)


def _refuse(resource: Resource, body: Object, causes: Sequence[Cause]) -> None:
    if causes:
        raise invalid(resource, body["metadata"].get("name", ""), causes)


def _no_rules(body: Object) -> Iterable[Cause]:
    return ()


def _metadata(resource: Resource, body: Object) -> Iterator[Cause]:
    metadata = body["metadata"]
    name = metadata.get("name", "")
    if not name:
        yield required("metadata.name", "name or generateName is required")
    elif resource.group == "rbac.authorization.k8s.io":
        if "/" in name or "%" in name or name in (".", ".."):
            yield invalid_value("metadata.name", name, "may not contain '/' or '%'")
    elif resource.kind in ("Namespace", "Service"):
        if len(name) > 63 or not LABEL.fullmatch(name):
            yield invalid_value("metadata.name", name, _LABEL_RULE)
    elif len(name) > 253 or not SUBDOMAIN.fullmatch(name):
        yield invalid_value("metadata.name", name, _SUBDOMAIN_RULE)
    yield from _labels("metadata.labels", metadata.get("labels", {}))


def _labels(field: str, labels: Mapping[str, str]) -> Iterator[Cause]:
    for key, value in labels.items():
        if not QUALIFIED.fullmatch(key.rsplit("/", 1)[-1]) or key.count("/") > 1:
            yield invalid_value(field, key, "name part must consist of alphanumeric characters, '-', '_' or '.'")
        if len(value) > 63 or not LABEL_VALUE.fullmatch(value):
            yield invalid_value(field, value, _VALUE_RULE)


def _workload(body: Object) -> Iterator[Cause]:
    spec = body["spec"]
    labels = spec["template"].get("metadata", {}).get("labels") or {}
    selector = spec.get("selector") or {}
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        if "selector" in spec:
            yield invalid_value("spec.selector", "{}", "empty selector is invalid for deployment")
        else:
            yield required("spec.selector")
    elif not selectors.from_object(selector).matches(labels):
        shown = "{" + ",".join(f'"{key}":"{value}"' for key, value in sorted(labels.items())) + "}"
        yield Cause("spec.template.metadata.labels", f"Invalid value: {shown}: `selector` does not match template `labels`")
    if spec.get("replicas", 0) < 0:
        yield invalid_value("spec.replicas", spec["replicas"], "must be greater than or equal to 0")
    yield from _pod_spec("spec.template.spec", spec["template"].get("spec", {}))
    if spec["template"].get("spec", {}).get("restartPolicy") != "Always":
        yield unsupported_value("spec.template.spec.restartPolicy", spec["template"]["spec"].get("restartPolicy"), ["Always"])


def _deployment(body: Object) -> Iterator[Cause]:
    yield from _workload(body)
    spec = body["spec"]
    strategy = spec["strategy"]
    match strategy.get("type"):
        case "Recreate" if "rollingUpdate" in strategy:
            yield forbidden_value("spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'")
        case "RollingUpdate" if all(strategy["rollingUpdate"].get(bound) in (0, "0%") for bound in ("maxSurge", "maxUnavailable")):
            yield invalid_value("spec.strategy.rollingUpdate.maxUnavailable", 0, "may not be 0 when `maxSurge` is 0")
        case "Recreate" | "RollingUpdate":
            pass
        case other:
            yield unsupported_value("spec.strategy.type", other, ["Recreate", "RollingUpdate"])
    if spec.get("progressDeadlineSeconds", 600) <= spec.get("minReadySeconds", 0):
        yield invalid_value("spec.progressDeadlineSeconds", spec["progressDeadlineSeconds"], "must be greater than minReadySeconds")


def _pod(body: Object) -> Iterator[Cause]:
    yield from _pod_spec("spec", body["spec"])


def _job(body: Object) -> Iterator[Cause]:
    spec = body["spec"]["template"].get("spec", {})
    if spec.get("restartPolicy") not in ("OnFailure", "Never"):
        yield Cause(
            "spec.template.spec.restartPolicy",
            'Required value: valid values: "OnFailure", "Never"'
            if not spec.get("restartPolicy")
            else f'Unsupported value: "{spec["restartPolicy"]}": supported values: "OnFailure", "Never"',
            "FieldValueRequired" if not spec.get("restartPolicy") else "FieldValueNotSupported",
        )
    yield from _pod_spec("spec.template.spec", spec)


def _pod_spec(field: str, spec: Object) -> Iterator[Cause]:
    if not spec.get("containers"):
        yield required(f"{field}.containers")
    volumes = {volume.get("name") for volume in spec.get("volumes", ())}
    names: set[str] = set()
    for index, container in enumerate(spec.get("containers", ())):
        yield from _container(f"{field}.containers[{index}]", container, volumes)
        if container.get("name") in names:
            yield duplicate(f"{field}.containers[{index}].name", container["name"])
        names.add(container.get("name", ""))


def _container(field: str, container: Object, volumes: set[Any]) -> Iterator[Cause]:
    name = container.get("name", "")
    if not name:
        yield required(f"{field}.name")
    elif not LABEL.fullmatch(name):
        yield invalid_value(f"{field}.name", name, _LABEL_RULE)
    if not container.get("image"):
        yield required(f"{field}.image")
    for index, port in enumerate(container.get("ports", ())):
        if not 0 < port.get("containerPort", 0) < 65536:
            yield invalid_value(
                f"{field}.ports[{index}].containerPort", port.get("containerPort", 0), "must be between 1 and 65535, inclusive"
            )
    for index, mount in enumerate(container.get("volumeMounts", ())):
        if mount.get("name") not in volumes:
            yield Cause(f"{field}.volumeMounts[{index}].name", f'Not found: "{mount.get("name", "")}"', "FieldValueNotFound")
    for part, amounts in container.get("resources", {}).items():
        if isinstance(amounts, dict):
            yield from _amounts(f"{field}.resources.{part}", amounts)


def _amounts(field: str, amounts: Mapping[str, str]) -> Iterator[Cause]:
    for name, text in amounts.items():
        if quantities.parse(text) < 0:
            yield invalid_value(f"{field}[{name}]", text, "must be greater than or equal to 0")


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
    yield from _labels("spec.selector", spec.get("selector", {}))


def _lease(body: Object) -> Iterator[Cause]:
    duration = body["spec"].get("leaseDurationSeconds", 1)
    if duration <= 0:
        yield invalid_value("spec.leaseDurationSeconds", duration, "must be greater than 0")


def _binding(body: Object) -> Iterator[Cause]:
    if not body.get("roleRef", {}).get("name"):
        yield required("roleRef.name")


def _slice(body: Object) -> Iterator[Cause]:
    if not body.get("addressType"):
        yield required("addressType")


RULES: Final[Mapping[str, Rules]] = {
    "Deployment": _deployment,
    "ReplicaSet": _workload,
    "Pod": _pod,
    "Job": _job,
    "Service": _service,
    "Lease": _lease,
    "RoleBinding": _binding,
    "ClusterRoleBinding": _binding,
    "EndpointSlice": _slice,
}


def _immutable(resource: Resource, old: Object, new: Object) -> Iterator[Cause]:
    match resource.kind:
        case "Deployment" | "ReplicaSet" | "Job" if old["spec"].get("selector") != new["spec"].get("selector"):
            yield invalid_value("spec.selector", _compact(new["spec"].get("selector")), "field is immutable")
        case "Job" if old["spec"]["template"] != new["spec"]["template"]:
            yield invalid_value("spec.template", "...", "field is immutable")
        case "Service" if old["spec"].get("clusterIP") != new["spec"].get("clusterIP"):
            yield invalid_value("spec.clusterIPs[0]", [new["spec"].get("clusterIP")], "may not change once set")
        case "Secret" if old.get("type") != new.get("type"):
            yield invalid_value("type", new.get("type"), "field is immutable")
        case "RoleBinding" | "ClusterRoleBinding" if old.get("roleRef") != new.get("roleRef"):
            yield invalid_value("roleRef", _compact(new.get("roleRef")), "cannot change roleRef")
        case "Secret" | "ConfigMap" if old.get("immutable") and (old.get("data") != new.get("data") or not new.get("immutable")):
            yield forbidden_value("data" if new.get("immutable") else "immutable", "field is immutable when `immutable` is set")
        case "Pod" if _frozen_pod_spec(old["spec"]) != _frozen_pod_spec(new["spec"]):
            yield forbidden_value(
                "spec",
                "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
                "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
                "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
            )


def _compact(value: object) -> str:
    return str(value).replace("'", '"')


def _frozen_pod_spec(spec: Object) -> Object:
    """What of a pod's spec may not change."""
    frozen = {key: value for key, value in spec.items() if key not in ("activeDeadlineSeconds", "tolerations", "nodeName")}
    for part in ("containers", "initContainers"):
        frozen[part] = [{**container, "image": ""} for container in spec.get(part, ())]
    return frozen
