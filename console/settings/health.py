"""Health checks and URLs: what is asked, of which component, and where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from console.document.fields import Fields
from console.document.node import Mapping as MappingNode
from console.document.node import Node, Scalar
from console.document.problems import Wrong, did_you_mean
from console.document.values import Parse, anything, listing, matching, positive_duration, text, whole
from console.domain.environment import Check, Health, Strategy, Urls
from console.domain.ids import ComponentName, SlotName
from console.settings import names

_DOTTED = matching(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*", "a path into JSON", "write it like database.status")


def health(top: Fields, known: tuple[ComponentName, ...]) -> Health:
    """The section `health`; without one there are no checks."""
    with top.section("health") as fields:
        components = fields.take("components", _components(known), known)
        path, field = _release(fields)
        return Health(
            checks=tuple(_check(fields, key, node, known) for key, node in fields.entries("checks")),
            components=components,
            release_path=path,
            release_field=field,
            port=fields.take("port", whole(least=1, most=65_535), None),
            every=fields.take("every", positive_duration, Health.every),
            timeout=fields.take("timeout", positive_duration, Health.timeout),
        )


def _release(fields: Fields) -> tuple[str, str]:
    if "release" not in fields:
        fields.skip("release")
        return "", ""
    with fields.section("release") as release:
        return (
            release.need("path", names.path, "", hint="name the path whose answer tells the release, like /api/health"),
            release.need("field", _DOTTED, "", hint="name the field of the JSON answer that holds the release, like release"),
        )


def _check(health: Fields, key: Scalar, node: Node, known: tuple[ComponentName, ...]) -> Check:
    if not isinstance(node, MappingNode):
        return Check(name=key.text, path=health.parsed(node, names.path, "/"))
    with Fields(node, health.problems, name=f"{health.name}.checks.{key.text}") as fields:
        check = Check(
            name=key.text,
            path=fields.need("path", names.path, "/", hint="write path: and the path to ask for, like /api/health"),
            status=fields.take("status", whole(least=100, most=599), Check.status),
            field=fields.take("field", _DOTTED, ""),
            equals=fields.take("equals", anything, ""),
            components=fields.take("components", _components(known), ()),
        )
        if bool(check.field) != ("equals" in fields):
            missing = "equals" if check.field else "field"
            fields.problems.error(fields.at, f"'{fields.path(missing)}' is missing", "'field' and 'equals' belong together")
        return check


def _components(known: tuple[ComponentName, ...]) -> Parse[tuple[ComponentName, ...]]:
    def one(node: Node) -> ComponentName:
        name = text(node)
        if name not in known:
            raise Wrong(f"{name!r} is no component", did_you_mean(name, known) or "write components: first")
        return ComponentName(name)

    return listing(one)


def urls(top: Fields, *, strategy: Strategy, slots: tuple[SlotName, ...], known: tuple[ComponentName, ...]) -> Urls:
    """The section `urls`; without one everything is asked through the API server's pod proxy."""
    with top.section("urls") as fields:
        live = {name: _url(fields, node, {"component": name}) for name, node in _by_component(fields, "live", known)}
        patterns = _by_component(fields, "slots", known)
        found = {slot: {name: _slot_url(fields, node, name, slot, slots) for name, node in patterns} for slot in slots}
        if strategy == "blue_green":
            _refuse_same(fields, patterns, found)
        return Urls(live=live, slots=found if patterns else {})


def _slot_url(fields: Fields, node: Node, component: ComponentName, slot: SlotName, slots: tuple[SlotName, ...]) -> str:
    """One pattern with `{slot}` for all slots, or one URL by slot where no pattern fits."""
    values = {"component": component, "slot": slot}
    if not isinstance(node, MappingNode) or not any(isinstance(url, Scalar) and url.kind != "null" for _, url in node):
        return _url(fields, node, values)
    for name, _ in node:
        if name.text not in slots and slot == slots[0]:
            fields.problems.error(name.at, f"{name.text!r} is no slot", did_you_mean(name.text, slots))
    own = node.get(slot)
    if own is None:
        fields.problems.error(node.at, f"the URL of {slot} is missing", f"write {slot}: https://…, or one pattern with {{slot}}")
        return ""
    return _url(fields, own, values)


def _by_component(fields: Fields, key: str, known: tuple[ComponentName, ...]) -> tuple[tuple[ComponentName, Node], ...]:
    found = []
    for name, node in fields.entries(key):
        if name.text in known:
            found.append((ComponentName(name.text), node))
        else:
            fields.problems.error(name.at, f"{name.text!r} is no component", did_you_mean(name.text, known) or "write components: first")
    return tuple(found)


def _url(fields: Fields, node: Node, values: Mapping[str, str]) -> str:
    pattern = names.template(*values)
    return fields.parsed(node, lambda n: names.checked_url(names.filled(pattern(n), values)), "")


def _refuse_same(
    fields: Fields, patterns: Iterable[tuple[ComponentName, Node]], found: Mapping[SlotName, Mapping[ComponentName, str]]
) -> None:
    for name, node in patterns:
        urls_of = [by_component[name] for by_component in found.values()]
        if urls_of[0] and len(set(urls_of)) < len(urls_of):
            fields.problems.error(node.at, f"both slots would have the URL {urls_of[0]}", "put {slot} where they differ")
