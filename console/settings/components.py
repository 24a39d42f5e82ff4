"""The components of an environment: which Deployments, Service, container, image and manifest."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from console.document.fields import Fields
from console.document.node import Mapping, Node, Scalar
from console.document.problems import Place, Wrong
from console.document.values import text, whole
from console.domain.environment import Component, Strategy
from console.domain.ids import ComponentName, SlotName
from console.settings import names

_EXAMPLE = "write components:, then a name, and under it image: and what differs from the defaults"


@dataclass(frozen=True)
class Setting:
    """What the components share with their environment."""

    folder: Path
    strategy: Strategy
    slots: tuple[SlotName, ...]
    replicas: int | None
    environment: str
    application: str


@dataclass(frozen=True)
class Placed:
    """A component, and where its names are written, for mistakes that show only beside the manifest."""

    component: Component
    manifest: Place
    container: Place
    service: Place
    deployment: Place


def components(top: Fields, setting: Setting) -> tuple[Placed, ...]:
    """All components in switch order."""
    entries = top.entries("components")
    if not entries:
        top.problems.error(top.place("components"), "'components' is missing or empty", _EXAMPLE)
    found = tuple(_component(top, key, node, setting) for key, node in entries)
    _refuse_shared_names(top, found)
    return found


def _component(top: Fields, key: Scalar, node: Node, setting: Setting) -> Placed:
    name = top.parsed(key, names.label, "component")
    path = f"components.{key.text}"
    with Fields(top.mapping(node, path), top.problems, name=path) as fields:
        values = {"component": name, "environment": setting.environment, "application": setting.application}
        known = tuple(values)
        service = fields.take("service", lambda n: names.service_name(names.filled(names.template(*known)(n), values)), name)
        component = Component(
            name=ComponentName(name),
            service=service,
            deployments=_deployments(fields, setting, service, values),
            container=fields.take("container", names.label, name),
            image=fields.need("image", names.image_repository, name, hint=f"write image: and the repository, like image: {name}"),
            manifest=fields.take("manifest", lambda n: _manifest(n, setting.folder), None),
            floor=fields.take("floor", whole(least=1, most=10_000), 1),
            replicas=fields.take("replicas", whole(least=1, most=10_000), setting.replicas),
        )
        return Placed(component, *(fields.place(key) for key in ("manifest", "container", "service", "deployment")))


def _deployments(fields: Fields, setting: Setting, service: str, values: dict[str, str]) -> dict[SlotName, str]:
    default = "{service}-{slot}" if setting.strategy == "blue_green" else "{service}"
    node = fields.node.get("deployment")
    if isinstance(node, Mapping):
        return _named_one_by_one(fields, setting)
    pattern = fields.take("deployment", names.template("slot", "service", *values), default)
    found = {slot: names.filled(pattern, {**values, "service": service, "slot": slot}) for slot in setting.slots}
    if len(set(found.values())) < len(found):
        fields.problems.error(fields.place("deployment"), f"both slots would be the Deployment {pattern!r}", f"write {pattern}-{{slot}}")
    try:
        return {slot: names.deployment_name(name) for slot, name in found.items()}
    except Wrong as wrong:
        fields.problems.wrong(fields.place("deployment"), wrong)
        return {}


def _named_one_by_one(fields: Fields, setting: Setting) -> dict[SlotName, str]:
    with fields.section("deployment") as each:
        found = {
            slot: each.need(slot, lambda n: names.deployment_name(text(n)), "", hint=f"name the Deployment of the slot {slot}")
            for slot in setting.slots
        }
        if len(set(found.values())) < len(found):
            fields.problems.error(each.at, "two slots have the same Deployment", "each slot needs its own")
    return found


def _manifest(node: Node, folder: Path) -> Path:
    value = text(node)
    found = folder / value
    if found.is_file():
        return found
    beside = sorted(f.name for f in found.parent.iterdir() if f.suffix in (".yml", ".yaml")) if found.parent.is_dir() else []
    hint = f"there are: {', '.join(beside)}" if beside else f"paths begin at {folder}"
    raise Wrong(f"the manifest {value} does not exist in {folder}", hint)


def _refuse_shared_names(top: Fields, found: tuple[Placed, ...]) -> None:
    for number, placed in enumerate(found):
        for other in (earlier.component for earlier in found[:number]):
            component = placed.component
            shared = sorted(set(component.deployments.values()) & set(other.deployments.values()))
            if component.service == other.service:
                message = f"{other.name} and {component.name} have the same Service {component.service!r}"
                top.problems.error(placed.service, message, "each component needs its own")
            elif shared:
                message = f"{other.name} and {component.name} have the same Deployment {shared[0]!r}"
                top.problems.error(placed.deployment, message, "each component needs its own")
