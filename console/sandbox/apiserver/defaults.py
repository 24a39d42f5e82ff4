"""The values a real API server fills in where an object leaves them out."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Final

from console.sandbox.apiserver.resources import Object

Filler = Callable[[Object], None]


def fill(kind: str, body: Object) -> None:
    """Fill in the defaults of a kind, in place; filling twice changes nothing."""
    filler = FILLERS.get(kind)
    if filler is not None:
        filler(body)


def _deployment(body: Object) -> None:
    spec = body.setdefault("spec", {})
    spec.setdefault("replicas", 1)
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("progressDeadlineSeconds", 600)
    strategy = spec.setdefault("strategy", {})
    if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxUnavailable", "25%")
        rolling.setdefault("maxSurge", "25%")
    _template(spec)


def _replica_set(body: Object) -> None:
    spec = body.setdefault("spec", {})
    spec.setdefault("replicas", 1)
    _template(spec)


def _job(body: Object) -> None:
    spec = body.setdefault("spec", {})
    if "completions" not in spec and "parallelism" not in spec:
        spec["completions"] = 1
    spec.setdefault("parallelism", 1)
    spec.setdefault("backoffLimit", 6)
    spec.setdefault("completionMode", "NonIndexed")
    spec.setdefault("suspend", False)
    spec.setdefault("podReplacementPolicy", "TerminatingOrFailed")
    spec.setdefault("manualSelector", False)
    _template(spec)
    labels = spec["template"]["metadata"].get("labels")
    if labels:
        body["metadata"].setdefault("labels", dict(labels))


def _template(spec: Object) -> None:
    template = spec.setdefault("template", {})
    template.setdefault("metadata", {})
    _pod_spec(template.setdefault("spec", {}))


def _pod(body: Object) -> None:
    spec = body.setdefault("spec", {})
    for container in (*spec.get("initContainers", ()), *spec.get("containers", ())):
        _requests_from_limits(container)
    spec.setdefault("enableServiceLinks", True)
    _pod_spec(spec)


def admit_pod(body: Object) -> None:
    """What the default admission plugins add to a pod: its priority, and that it leaves a lost node after five minutes."""
    spec = body["spec"]
    spec.setdefault("priority", 0)
    spec.setdefault("preemptionPolicy", "PreemptLowerPriority")
    tolerations = spec.setdefault("tolerations", [])
    for condition in ("not-ready", "unreachable"):
        key = f"node.kubernetes.io/{condition}"
        if not any(each.get("key") in (key, None) and each.get("effect") in ("NoExecute", None) for each in tolerations):
            tolerations.append({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300})


def _requests_from_limits(container: Object) -> None:
    limits = container.get("resources", {}).get("limits")
    if limits:
        requests = container["resources"].setdefault("requests", {})
        for name, amount in limits.items():
            requests.setdefault(name, amount)


def _pod_spec(spec: Object) -> None:
    spec.setdefault("restartPolicy", "Always")
    spec.setdefault("terminationGracePeriodSeconds", 30)
    spec.setdefault("dnsPolicy", "ClusterFirst")
    spec.setdefault("securityContext", {})
    spec.setdefault("schedulerName", "default-scheduler")
    for container in (*spec.get("initContainers", ()), *spec.get("containers", ())):
        _container(container)
    for volume in spec.get("volumes", ()):
        _volume(volume)


def _container(container: Object) -> None:
    for port in container.get("ports", ()):
        port.setdefault("protocol", "TCP")
    for variable in container.get("env", ()):
        reference = variable.get("valueFrom", {}).get("fieldRef")
        if reference is not None:
            reference.setdefault("apiVersion", "v1")
    container.setdefault("resources", {})
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        if name in container:
            _probe(container[name])
    for handler in container.get("lifecycle", {}).values():
        if isinstance(handler, dict):
            _http_get(handler)
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")
    container.setdefault("imagePullPolicy", _pull_policy(container.get("image", "")))


def _pull_policy(image: str) -> str:
    name = image.rsplit("/", 1)[-1]
    untagged = "@" not in name and ":" not in name
    return "Always" if image and (untagged or name.endswith(":latest")) else "IfNotPresent"


def _probe(probe: Object) -> None:
    _http_get(probe)
    probe.setdefault("timeoutSeconds", 1)
    probe.setdefault("periodSeconds", 10)
    probe.setdefault("successThreshold", 1)
    probe.setdefault("failureThreshold", 3)
    if "grpc" in probe:
        probe["grpc"].setdefault("service", "")


def _http_get(handler: Object) -> None:
    request = handler.get("httpGet")
    if request is not None:
        request.setdefault("path", "/")
        request.setdefault("scheme", "HTTP")


def _volume(volume: Object) -> None:
    sources = [key for key in volume if key != "name"]
    if not sources:
        volume["emptyDir"] = {}
    for source in ("secret", "configMap", "projected", "downwardAPI"):
        if source in volume:
            volume[source].setdefault("defaultMode", 420)
    if "hostPath" in volume:
        volume["hostPath"].setdefault("type", "")


def _service(body: Object) -> None:
    spec = body.setdefault("spec", {})
    spec.setdefault("sessionAffinity", "None")
    kind = spec.setdefault("type", "ClusterIP")
    for port in spec.get("ports", ()):
        port.setdefault("protocol", "TCP")
        port.setdefault("targetPort", port.get("port", 0))
    if kind in ("NodePort", "LoadBalancer"):
        spec.setdefault("externalTrafficPolicy", "Cluster")
    if kind != "ExternalName":
        spec.setdefault("internalTrafficPolicy", "Cluster")


def _secret(body: Object) -> None:
    body.setdefault("type", "Opaque")
    for key, text in body.pop("stringData", {}).items():
        body.setdefault("data", {})[key] = base64.b64encode(text.encode()).decode()


def _namespace(body: Object) -> None:
    labels = body["metadata"].setdefault("labels", {})
    labels["kubernetes.io/metadata.name"] = body["metadata"].get("name", "")


def _endpoint_slice(body: Object) -> None:
    for port in body.get("ports", ()):
        port.setdefault("name", "")
        port.setdefault("protocol", "TCP")
    body.setdefault("endpoints", None)
    body.setdefault("ports", None)


def _autoscaler(body: Object) -> None:
    spec = body.setdefault("spec", {})
    spec.setdefault("minReplicas", 1)
    if not spec.get("metrics"):
        target = {"type": "Utilization", "averageUtilization": 80}
        spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]


def _event(body: Object) -> None:
    for field in ("firstTimestamp", "lastTimestamp", "eventTime"):
        body.setdefault(field, None)
    body.setdefault("source", {})
    body.setdefault("reportingComponent", "")
    body.setdefault("reportingInstance", "")


def _binding(body: Object) -> None:
    body.get("roleRef", {}).setdefault("apiGroup", "rbac.authorization.k8s.io")
    for subject in body.get("subjects", ()):
        if subject.get("kind") in ("User", "Group"):
            subject.setdefault("apiGroup", "rbac.authorization.k8s.io")


def _rules(body: Object) -> None:
    body.setdefault("rules", None)


def _node(body: Object) -> None:
    spec = body.setdefault("spec", {})
    if "podCIDR" in spec:
        spec.setdefault("podCIDRs", [spec["podCIDR"]])
    if "capacity" in body.get("status", {}):
        body["status"].setdefault("allocatable", dict(body["status"]["capacity"]))


def _bare_spec(body: Object) -> None:
    body.setdefault("spec", {})


FILLERS: Final[Mapping[str, Filler]] = {
    "Deployment": _deployment,
    "ReplicaSet": _replica_set,
    "Job": _job,
    "Pod": _pod,
    "Service": _service,
    "Secret": _secret,
    "Namespace": _namespace,
    "Node": _node,
    "Lease": _bare_spec,
    "ResourceQuota": _bare_spec,
    "EndpointSlice": _endpoint_slice,
    "HorizontalPodAutoscaler": _autoscaler,
    "Event": _event,
    "Role": _rules,
    "ClusterRole": _rules,
    "RoleBinding": _binding,
    "ClusterRoleBinding": _binding,
}
