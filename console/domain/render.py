"""Manifests to the objects of one slot: plain dicts in, plain dicts out.

A component's manifest holds one Deployment, its Service, and whatever ConfigMaps its pods read. We set names, slot labels and selectors,
image, replicas and our annotations; all else stays as written. ConfigMaps become the slot's own, so that deploying to one slot never
changes what the pods of the other one read.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from console.domain import facts
from console.domain.change import canonical_digest
from console.domain.environment import Component, Environment
from console.domain.ids import SlotName
from console.domain.quantity import total

Manifest = Mapping[str, Any]

MANIFESTS = facts.PREFIX + "manifests"
"""On a Deployment: digest of what it was rendered from, without image, size and notes."""
CONFIG = facts.PREFIX + "config"
"""On a pod template: digest of the slot's ConfigMaps, so that a change of them rolls the pods."""
_SERVERS = ("creationTimestamp", "generation", "managedFields", "ownerReferences", "resourceVersion", "selfLink", "uid")
_CLIENTS = "kubectl.kubernetes.io/last-applied-configuration"


class ManifestError(ValueError):
    """The manifest cannot be rendered for a slot; says what to change in it."""


def manifests_digest(documents: Iterable[Manifest]) -> str:
    """Equal for manifests that say the same, whatever their layout."""
    return canonical_digest(sorted((dict(d) for d in documents), key=canonical_digest))


def render_deployment(
    environment: Environment,
    component: Component,
    documents: Sequence[Manifest],
    *,
    slot: SlotName,
    image: str,
    replicas: int,
    annotations: Mapping[str, str],
) -> dict[str, Any]:
    """The Deployment of `slot`, ready for a server-side apply."""
    rendered = _slot_deployment(environment, component, documents, slot)
    digest = canonical_digest(rendered)
    _container(rendered, component)["image"] = image
    rendered["spec"]["replicas"] = replicas
    kept = {k: v for k, v in (rendered["metadata"].get("annotations") or {}).items() if k != _CLIENTS}
    rendered["metadata"]["annotations"] = kept | {MANIFESTS: digest} | dict(annotations)
    return rendered


def rendered_digest(environment: Environment, component: Component, documents: Sequence[Manifest], slot: SlotName) -> str:
    """What `MANIFESTS` says on a Deployment that was rendered from `documents`."""
    return canonical_digest(_slot_deployment(environment, component, documents, slot))


def render_config_maps(environment: Environment, documents: Sequence[Manifest], *, slot: SlotName) -> tuple[dict[str, Any], ...]:
    """The slot's own ConfigMaps; their pods' template refers to them by the same names."""
    renamed = _slot_names(environment, documents, slot)
    return tuple(
        _cleaned(environment, document, name=renamed[_name(document)], labels={environment.slot_key: slot})
        for document in documents
        if document.get("kind") == "ConfigMap"
    )


def render_services(
    environment: Environment, component: Component, documents: Sequence[Manifest], *, slot: SlotName, annotations: Mapping[str, str]
) -> tuple[dict[str, Any], ...]:
    """The component's Services for an empty namespace; the one that users come through selects `slot`."""
    services = [d for d in documents if d.get("kind") == "Service"]
    if not any(_name(s) == component.service for s in services):
        raise ManifestError(f"the manifest of {component.name} has no Service {component.service}: add it, users come through it")
    return tuple(_service(environment, component, s, slot, annotations) for s in services if _has_slot(environment, component, s))


def _has_slot(environment: Environment, component: Component, service: Manifest) -> bool:
    """A Service that reaches one slot is left out where there is no such slot."""
    value = ((service.get("spec") or {}).get("selector") or {}).get(environment.slot_key)
    return _name(service) == component.service or value is None or value in environment.slots


def deployment_requests(manifest: Manifest) -> dict[str, str]:
    """What one pod asks for, by resource, over all its containers."""
    return _resources(manifest, "requests") | {
        k: v for k, v in _resources(manifest, "limits").items() if k not in _resources(manifest, "requests")
    }


def deployment_limits(manifest: Manifest) -> dict[str, str]:
    """What one pod may take at most, by resource, over all its containers."""
    return _resources(manifest, "limits")


def _resources(manifest: Manifest, kind: str) -> dict[str, str]:
    containers = ((manifest.get("spec") or {}).get("template") or {}).get("spec", {}).get("containers") or []
    stated = [(container.get("resources") or {}).get(kind) or {} for container in containers]
    names = dict.fromkeys(resource for each in stated for resource in each)
    return {name: total(str(each[name]) for each in stated if name in each) for name in names}


def _slot_deployment(environment: Environment, component: Component, documents: Sequence[Manifest], slot: SlotName) -> dict[str, Any]:
    found = [d for d in documents if d.get("kind") == "Deployment"]
    if len(found) != 1:
        raise ManifestError(f"the manifest of {component.name} has {len(found)} Deployments: it needs exactly one")
    labels = {environment.slot_key: str(slot)} if environment.strategy == "blue_green" else {}
    rendered = _cleaned(environment, found[0], name=component.deployments[slot], labels=labels)
    spec = rendered.get("spec") or {}
    template = _mapping(spec, "template", component)
    template["metadata"] = {**(template.get("metadata") or {})}
    template["metadata"]["labels"] = {**(template["metadata"].get("labels") or {}), **labels}
    spec["selector"] = {**(spec.get("selector") or {})}
    spec["selector"]["matchLabels"] = {**(spec["selector"].get("matchLabels") or {}), **labels}
    spec.pop("replicas", None)
    _refuse_foreign_selector(component, spec["selector"]["matchLabels"], template["metadata"]["labels"])
    _use_environment_size(environment, _container(rendered, component))
    _use_slot_config(environment, documents, slot, template)
    return rendered


def _use_environment_size(environment: Environment, container: dict[str, Any]) -> None:
    """What the environment says a pod needs replaces what the manifest asks for; limits follow where the manifest has them."""
    if not environment.resources:
        return
    stated = container.get("resources") or {}
    limits = {k: environment.resources.get(k, v) for k, v in (stated.get("limits") or {}).items()}
    requests = {**(stated.get("requests") or {}), **environment.resources}
    container["resources"] = {**stated, "requests": requests, **({"limits": limits} if limits else {})}


def _refuse_foreign_selector(component: Component, selector: Mapping[str, str], labels: Mapping[str, str]) -> None:
    missing = sorted(f"{k}={v}" for k, v in selector.items() if labels.get(k) != v)
    if missing:
        raise ManifestError(f"the Deployment of {component.name} selects {', '.join(missing)}, which its pods' labels do not say")


def _container(deployment: Mapping[str, Any], component: Component) -> dict[str, Any]:
    containers = _mapping(deployment["spec"]["template"], "spec", component).get("containers") or []
    found: dict[str, Any] | None = next((c for c in containers if c.get("name") == component.container), None)
    if found is None:
        names = ", ".join(str(c.get("name")) for c in containers) or "none"
        raise ManifestError(f"the Deployment of {component.name} has no container {component.container} (it has {names})")
    return found


def _use_slot_config(environment: Environment, documents: Sequence[Manifest], slot: SlotName, template: dict[str, Any]) -> None:
    config_maps = [d for d in documents if d.get("kind") == "ConfigMap"]
    if not config_maps:
        return
    renamed = _slot_names(environment, documents, slot)
    for reference, key in _config_references(template["spec"]):
        reference[key] = renamed.get(reference[key], reference[key])
    annotations = template["metadata"].get("annotations") or {}
    content = [[_name(d), d.get("data"), d.get("binaryData")] for d in config_maps]
    template["metadata"]["annotations"] = {**annotations, CONFIG: canonical_digest(content)[:16]}


def _config_references(pod: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Every place of a pod's spec that names a ConfigMap, as (mapping, key)."""
    for container in [*(pod.get("containers") or []), *(pod.get("initContainers") or [])]:
        for source in container.get("envFrom") or []:
            if source.get("configMapRef"):
                yield source["configMapRef"], "name"
        for variable in container.get("env") or []:
            reference = (variable.get("valueFrom") or {}).get("configMapKeyRef")
            if reference:
                yield reference, "name"
    for volume in pod.get("volumes") or []:
        sources = [volume, *((volume.get("projected") or {}).get("sources") or [])]
        yield from ((s["configMap"], "name") for s in sources if s.get("configMap"))


def _slot_names(environment: Environment, documents: Sequence[Manifest], slot: SlotName) -> dict[str, str]:
    suffix = f"-{slot}" if environment.strategy == "blue_green" else ""
    return {_name(d): f"{_name(d)}{suffix}" for d in documents if d.get("kind") == "ConfigMap"}


def _service(
    environment: Environment, component: Component, document: Manifest, slot: SlotName, annotations: Mapping[str, str]
) -> dict[str, Any]:
    rendered = _cleaned(environment, document, name=_name(document), labels={})
    if _name(document) != component.service:
        return rendered
    rendered["metadata"]["annotations"] = {**(rendered["metadata"].get("annotations") or {}), **annotations}
    selector = dict(_mapping(rendered, "spec", component).get("selector") or {})
    if environment.strategy == "blue_green":
        selector[environment.slot_key] = str(slot)
    rendered["spec"]["selector"] = selector
    return rendered


def _cleaned(environment: Environment, document: Manifest, *, name: str, labels: Mapping[str, str]) -> dict[str, Any]:
    """A deep copy without what servers and clients write, under its new name."""
    rendered: dict[str, Any] = copy.deepcopy(dict(document))
    rendered.pop("status", None)
    metadata = {k: v for k, v in (rendered.get("metadata") or {}).items() if k not in _SERVERS}
    namespace = metadata.get("namespace", environment.cluster.namespace)
    if namespace != environment.cluster.namespace:
        raise ManifestError(
            f"{document.get('kind')} {_name(document)} names the namespace {namespace}, not {environment.cluster.namespace}"
        )
    metadata |= {"name": name, "namespace": namespace}
    if labels or metadata.get("labels"):
        metadata["labels"] = {**(metadata.get("labels") or {}), **labels}
    rendered["metadata"] = metadata
    return rendered


def _mapping(parent: Mapping[str, Any], key: str, component: Component) -> dict[str, Any]:
    found = parent.get(key)
    if not isinstance(found, dict):
        raise ManifestError(f"the manifest of {component.name} has no {key}")
    return found


def _name(document: Manifest) -> str:
    return str((document.get("metadata") or {}).get("name", ""))
