"""What may not change once an object is there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from console.sandbox.apiserver.errors import Cause, forbidden_value, invalid_value
from console.sandbox.apiserver.resources import Object

FROZEN_POD: Final = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)


def causes(kind: str, old: Object, new: Object, subresource: str) -> Iterator[Cause]:
    """What a write would change that must stay."""
    yield from _finalizers(old["metadata"], new["metadata"])
    match kind:
        case "Deployment" | "ReplicaSet":
            yield from _selector(old, new)
        case "Job":
            yield from _selector(old, new)
            if old["spec"]["template"] != new["spec"]["template"]:
                yield invalid_value("spec.template", new["spec"]["template"], "field is immutable")
        case "Service" if old["spec"].get("clusterIP") not in (None, new["spec"].get("clusterIP")):
            yield invalid_value("spec.clusterIPs[0]", [new["spec"].get("clusterIP")], "may not change once set")
        case "Secret" | "ConfigMap":
            yield from _data(old, new)
        case "RoleBinding" | "ClusterRoleBinding" if old.get("roleRef") != new.get("roleRef"):
            shown = {{"apiGroup": "APIGroup"}.get(key, key.title()): value for key, value in sorted(new["roleRef"].items())}
            yield invalid_value("roleRef", shown, "field is immutable")
        case "Pod" if subresource != "binding" and _frozen_spec(old["spec"]) != _frozen_spec(new["spec"]):
            yield forbidden_value("spec", FROZEN_POD)


def _finalizers(old: Object, new: Object) -> Iterator[Cause]:
    added = [each for each in new.get("finalizers", ()) if each not in old.get("finalizers", ())]
    if "deletionTimestamp" in old and added:
        shown = "[]string{" + ", ".join(f'"{each}"' for each in added) + "}"
        why = f"no new finalizers can be added if the object is being deleted, found new finalizers {shown}"
        yield forbidden_value("metadata.finalizers", why)


def _selector(old: Object, new: Object) -> Iterator[Cause]:
    if old["spec"].get("selector") != new["spec"].get("selector"):
        yield invalid_value("spec.selector", new["spec"].get("selector"), "field is immutable")


def _data(old: Object, new: Object) -> Iterator[Cause]:
    if old.get("type") != new.get("type"):
        yield invalid_value("type", new.get("type"), "field is immutable")
    if old.get("immutable"):
        if not new.get("immutable"):
            yield forbidden_value("immutable", "field is immutable when `immutable` is set")
        for part in ("data", "binaryData"):
            if old.get(part) != new.get(part):
                yield forbidden_value(part, "field is immutable when `immutable` is set")


def _frozen_spec(spec: Object) -> Object:
    """What of a pod's spec may not change."""
    frozen = {key: value for key, value in spec.items() if key not in ("activeDeadlineSeconds", "tolerations")}
    for part in ("containers", "initContainers"):
        frozen[part] = [{**container, "image": ""} for container in spec.get(part, ())]
    return frozen
