"""Rules of pod specs, in pods and in templates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from console.sandbox.apiserver.errors import Cause, duplicate, invalid_value, required
from console.sandbox.apiserver.quantities import parse
from console.sandbox.apiserver.resources import Object
from console.sandbox.apiserver.rules.metadata import LABEL, LABEL_RULE


def causes(field: str, spec: Object) -> Iterator[Cause]:
    """What is wrong with a pod spec that lies at this field."""
    volumes = {volume.get("name") for volume in spec.get("volumes", ())}
    if not spec.get("containers"):
        yield required(f"{field}.containers")
    names: set[str] = set()
    for index, container in enumerate(spec.get("containers", ())):
        place = f"{field}.containers[{index}]"
        yield from _container(place, container, volumes)
        if container.get("name") in names:
            yield duplicate(f"{place}.name", container["name"])
        names.add(container.get("name", ""))


def _container(field: str, container: Object, volumes: set[Any]) -> Iterator[Cause]:
    name = container.get("name", "")
    if not name:
        yield required(f"{field}.name")
    elif not LABEL.fullmatch(name):
        yield invalid_value(f"{field}.name", name, LABEL_RULE)
    if not container.get("image"):
        yield required(f"{field}.image")
    for index, port in enumerate(container.get("ports", ())):
        if not port.get("containerPort"):
            yield required(f"{field}.ports[{index}].containerPort")
        elif not 0 < port["containerPort"] < 65536:
            yield invalid_value(f"{field}.ports[{index}].containerPort", port["containerPort"], "must be between 1 and 65535, inclusive")
    for index, mount in enumerate(container.get("volumeMounts", ())):
        if mount.get("name") not in volumes:
            yield Cause(f"{field}.volumeMounts[{index}].name", f'Not found: "{mount.get("name", "")}"', "FieldValueNotFound")
    yield from _resources(f"{field}.resources", container.get("resources", {}))


def _resources(field: str, resources: Mapping[str, Any]) -> Iterator[Cause]:
    limits, requests = resources.get("limits", {}), resources.get("requests", {})
    for part, amounts in (("limits", limits), ("requests", requests)):
        for name, text in amounts.items():
            if parse(text) < 0:
                yield invalid_value(f"{field}.{part}[{name}]", text, "must be greater than or equal to 0")
    for name, text in requests.items():
        if name in limits and parse(text) > parse(limits[name]):
            yield invalid_value(f"{field}.requests", text, f"must be less than or equal to {name} limit of {limits[name]}")
