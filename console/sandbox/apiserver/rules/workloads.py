"""Rules of Deployments, ReplicaSets and Jobs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from console.sandbox.apiserver import selectors
from console.sandbox.apiserver.errors import Cause, forbidden_value, invalid_value, required, unsupported_value
from console.sandbox.apiserver.resources import Object
from console.sandbox.apiserver.rules import pods

_PERCENT_RULE: Final = (
    "a valid percent string must be a numeric string followed by an ending '%' "
    "(e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"
)


def replica_set(body: Object) -> Iterator[Cause]:
    """What is wrong with anything that keeps replicas of a template."""
    spec = body["spec"]
    if spec.get("replicas", 0) < 0:
        yield invalid_value("spec.replicas", spec["replicas"], "must be greater than or equal to 0")
    labels = spec["template"].get("metadata", {}).get("labels") or {}
    selector = spec.get("selector")
    if selector is None:
        yield required("spec.selector")
    elif not selector.get("matchLabels") and not selector.get("matchExpressions"):
        yield invalid_value("spec.selector", selector, "empty selector is invalid for deployment")
    if not selector or not selectors.from_object(selector).matches(labels):
        yield Cause(*_mismatch(labels))
    yield from pods.causes("spec.template.spec", spec["template"]["spec"])
    policy = spec["template"]["spec"].get("restartPolicy")
    if policy != "Always":
        yield unsupported_value("spec.template.spec.restartPolicy", policy, ["Always"])


def _mismatch(labels: dict[str, str]) -> tuple[str, str]:
    shown = "{" + ",".join(f'"{key}":"{value}"' for key, value in sorted(labels.items())) + "}"
    return "spec.template.metadata.labels", f"Invalid value: {shown}: `selector` does not match template `labels`"


def deployment(body: Object) -> Iterator[Cause]:
    """What is wrong with a Deployment."""
    yield from replica_set(body)
    spec = body["spec"]
    yield from _strategy(spec["strategy"])
    if spec.get("progressDeadlineSeconds", 600) <= spec.get("minReadySeconds", 0):
        yield invalid_value("spec.progressDeadlineSeconds", spec["progressDeadlineSeconds"], "must be greater than minReadySeconds")


def _strategy(strategy: Object) -> Iterator[Cause]:
    match strategy.get("type"):
        case "Recreate":
            if "rollingUpdate" in strategy:
                yield forbidden_value("spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'")
        case "RollingUpdate":
            yield from _rolling(strategy["rollingUpdate"])
        case other:
            shown = {"Type": other, "RollingUpdate": strategy.get("rollingUpdate")}
            yield unsupported_value("spec.strategy", shown, ["Recreate", "RollingUpdate"])


def _rolling(bounds: Object) -> Iterator[Cause]:
    field = "spec.strategy.rollingUpdate"
    yield from _bound(f"{field}.maxUnavailable", bounds["maxUnavailable"])
    yield from _bound(f"{field}.maxSurge", bounds["maxSurge"])
    if bounds["maxUnavailable"] in (0, "0%") and bounds["maxSurge"] in (0, "0%"):
        yield invalid_value(f"{field}.maxUnavailable", bounds["maxUnavailable"], "may not be 0 when `maxSurge` is 0")
    unavailable = bounds["maxUnavailable"]
    if isinstance(unavailable, str) and re.fullmatch(r"\d+%", unavailable) and int(unavailable[:-1]) > 100:
        yield invalid_value(f"{field}.maxUnavailable", unavailable, "must not be greater than 100%")


def _bound(field: str, value: Any) -> Iterator[Cause]:
    if isinstance(value, str) and not re.fullmatch(r"\d+%", value):
        yield invalid_value(field, value, _PERCENT_RULE)
    elif isinstance(value, int) and value < 0:
        yield invalid_value(field, value, "must be greater than or equal to 0")


def job(body: Object) -> Iterator[Cause]:
    """What is wrong with a Job."""
    spec = body["spec"]
    for name in ("parallelism", "completions", "backoffLimit", "activeDeadlineSeconds", "ttlSecondsAfterFinished"):
        if spec.get(name, 0) < 0:
            yield invalid_value(f"spec.{name}", spec[name], "must be greater than or equal to 0")
    yield from pods.causes("spec.template.spec", spec["template"]["spec"])
    if spec["template"]["spec"].get("restartPolicy") not in ("OnFailure", "Never"):
        yield required("spec.template.spec.restartPolicy", 'valid values: "OnFailure", "Never"')
