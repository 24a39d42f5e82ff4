"""Checks a component's manifest against the settings: the workload and the Service it must hold, and that they fit each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from console.document.node import Mapping, Node, Scalar, Sequence, plain
from console.document.problems import Place, Problems, did_you_mean
from console.document.read import read_documents
from console.settings.components import Placed

KINDS = ("Deployment", "Service", "ConfigMap")
"""What is applied from a manifest."""


@dataclass(frozen=True)
class _Object:
    node: Mapping
    kind: str
    name: str

    @property
    def at(self) -> Place:
        return self.node.at


def check_manifest(placed: Placed, *, slot_key: str, problems: Problems) -> None:
    """Notes what would make the manifest of a component fail or send users nowhere."""
    component = placed.component
    if component.manifest is None:
        return
    documents = read_documents(component.manifest, problems)
    objects = [found for document in documents if (found := _object(document, problems))]
    if not documents or len(objects) < len(documents):
        return
    workload = _only_deployment(placed, objects, problems)
    service = next((o for o in objects if o.kind == "Service" and o.name == component.service), None)
    if service is None:
        names = [o.name for o in objects if o.kind == "Service"]
        message = f"{component.manifest.name} holds no Service {component.service!r}"
        problems.error(placed.service, message, did_you_mean(component.service, names) or "add it to the manifest")
    if workload:
        _check_container(placed, workload, problems)
        _check_labels(workload, [o for o in objects if o.kind == "Service"], slot_key, problems)


def _object(document: Node, problems: Problems) -> _Object | None:
    if not isinstance(document, Mapping):
        problems.error(document.at, f"the document holds {document.described}, not a Kubernetes object", "remove it")
        return None
    kind, name = _text(document, "kind"), _text(document, "metadata", "name")
    if not kind or not name or not _text(document, "apiVersion"):
        problems.error(document.at, "apiVersion, kind or metadata.name is missing", "write all three")
        return None
    if kind not in KINDS:
        hint = f"apply it by other means; known here: {', '.join(KINDS)}"
        problems.error(document.at, f"a manifest of a component cannot hold a {kind}", hint)
        return None
    namespace = _at(document, "metadata", "namespace")
    if namespace is not None:
        problems.error(namespace.at, "the manifest names a namespace", "remove the line; each environment gives its own")
    return _Object(document, kind, name)


def _only_deployment(placed: Placed, objects: list[_Object], problems: Problems) -> _Object | None:
    found = [o for o in objects if o.kind == "Deployment"]
    manifest = placed.component.manifest
    if not found:
        problems.error(placed.manifest, f"{manifest and manifest.name} holds no Deployment", "add the one that is rendered for each slot")
    for extra in found[1:]:
        problems.error(extra.at, f"a second Deployment, {extra.name}", "keep one; it is rendered once for each slot")
    return found[0] if len(found) == 1 else None


def _check_container(placed: Placed, workload: _Object, problems: Problems) -> None:
    containers = _at(workload.node, "spec", "template", "spec", "containers")
    names = [str(_text(c, "name")) for c in containers.items if isinstance(c, Mapping)] if isinstance(containers, Sequence) else []
    wanted = placed.component.container
    if wanted not in names:
        message = f"the Deployment {workload.name} has no container {wanted!r}"
        problems.error(placed.container, message, did_you_mean(wanted, names) or "add the container to the manifest")


def _check_labels(workload: _Object, services: list[_Object], slot_key: str, problems: Problems) -> None:
    labels = _labels(workload.node, "spec", "template", "metadata", "labels")
    selectors = [(workload, _labels(workload.node, "spec", "selector", "matchLabels"))]
    selectors += [(service, _labels(service.node, "spec", "selector")) for service in services]
    for owner, selector in selectors:
        if not any(key != slot_key for key in selector):
            hint = f"name a label of the pods beside {slot_key}"
            problems.error(owner.at, f"the selector of {owner.kind} {owner.name} would select other components' pods", hint)
        for key, value in _unmatched(selector, labels, slot_key):
            message = f"the {owner.kind} {owner.name} selects {key}={value}, but the pods have {key}={labels.get(key, 'nothing')}"
            problems.error(owner.at, message, "make the selector and the labels of spec.template equal")


def _unmatched(selector: dict[str, str], labels: dict[str, str], slot_key: str) -> Iterator[tuple[str, str]]:
    return ((key, value) for key, value in selector.items() if key != slot_key and labels.get(key) != value)


def _labels(node: Node, *path: str) -> dict[str, str]:
    found = _at(node, *path)
    return {key.text: str(plain(value)) for key, value in found} if isinstance(found, Mapping) else {}


def _text(node: Node, *path: str) -> str:
    found = _at(node, *path)
    return found.text if isinstance(found, Scalar) and found.kind != "null" else ""


def _at(node: Node, *path: str) -> Node | None:
    found: Node | None = node
    for key in path:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found
