"""Label and field selectors: the query language of lists and watches, and the selectors inside objects."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from console.sandbox.apiserver.errors import bad_request
from console.sandbox.apiserver.resources import Object, Resource

Labels = Mapping[str, str]

_SET = re.compile(r"(?P<key>[^\s,=!()]+)\s+(?P<how>in|notin)\s*\((?P<values>[^()]*)\)")
_TERM = re.compile(r"(?P<key>[^\s,=!()<>]+)\s*(?P<how>=={0,1}|!=)\s*(?P<value>[^\s,=!()]*)")
_ORDER = re.compile(r"(?P<key>[^\s,=!()<>]+)\s*(?P<how>[<>])\s*(?P<value>-?\d+)")
_EXISTS = re.compile(r"(?P<not>!?)\s*(?P<key>[^\s,=!()<>]+)")


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition on one label."""

    key: str
    how: str
    """in, notin, exists, absent, < or >."""
    values: frozenset[str] = frozenset()

    def holds(self, labels: Labels) -> bool:
        """Whether an object with these labels meets it."""
        value = labels.get(self.key)
        match self.how:
            case "in":
                return value in self.values
            case "notin":
                return value not in self.values
            case "exists":
                return value is not None
            case "absent":
                return value is None
            case _:
                return _ordered(value, self.how, next(iter(self.values)))


def _ordered(value: str | None, how: str, bound: str) -> bool:
    try:
        number = int(value or "")
    except ValueError:
        return False
    return number < int(bound) if how == "<" else number > int(bound)


@dataclass(frozen=True, slots=True)
class Selector:
    """All requirements together; none means everything."""

    requirements: tuple[Requirement, ...]

    def matches(self, labels: Labels | None) -> bool:
        """Whether an object with these labels is selected."""
        return all(requirement.holds(labels or {}) for requirement in self.requirements)


def parse_labels(text: str) -> Selector:
    """Read a labelSelector parameter."""
    found: list[Requirement] = []
    rest = text.strip()
    while rest:
        requirement, length = _next_requirement(rest, text)
        found.append(requirement)
        rest = rest[length:].lstrip()
        if rest:
            rest = _after_comma(rest)
    return Selector(tuple(found))


def _after_comma(rest: str) -> str:
    after = rest[1:].lstrip()
    if not rest.startswith(","):
        raise bad_request(f"unable to parse requirement: found '{rest.split()[0]}', expected: ',' or 'end of string'")
    if not after or after.startswith(","):
        raise bad_request(f"found '{after[:1]}', expected: identifier after ','")
    return after


def _next_requirement(rest: str, whole: str) -> tuple[Requirement, int]:
    if match := _SET.match(rest):
        values = frozenset(value.strip() for value in match["values"].split(","))
        return Requirement(match["key"], match["how"], values), match.end()
    if match := _TERM.match(rest):
        how = "notin" if match["how"] == "!=" else "in"
        return Requirement(match["key"], how, frozenset({match["value"]})), match.end()
    if match := _ORDER.match(rest):
        return Requirement(match["key"], match["how"], frozenset({match["value"]})), match.end()
    if match := _EXISTS.match(rest):
        return Requirement(match["key"], "absent" if match["not"] else "exists"), match.end()
    raise bad_request(f"unable to parse requirement: found '{rest}' in {whole!r}, expected: !, identifier, or 'end of string'")


def from_labels(labels: Labels) -> Selector:
    """The selector of a Service: every label equal."""
    return Selector(tuple(Requirement(key, "in", frozenset({value})) for key, value in labels.items()))


_OPERATORS: Final = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "absent"}


def from_object(selector: Mapping[str, Any]) -> Selector:
    """The selector of a workload: matchLabels and matchExpressions."""
    expressions = tuple(
        Requirement(each["key"], _OPERATORS[each["operator"]], frozenset(each.get("values") or ()))
        for each in selector.get("matchExpressions") or ()
    )
    return Selector(from_labels(selector.get("matchLabels") or {}).requirements + expressions)


FIELDS: Final[Mapping[str, frozenset[str]]] = {
    "Pod": frozenset(
        {
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.nominatedNodeName",
        }
    ),
    "Event": frozenset(
        {
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        }
    ),
    "Namespace": frozenset({"status.phase"}),
    "Node": frozenset({"spec.unschedulable"}),
    "Secret": frozenset({"type"}),
    "Service": frozenset({"spec.clusterIP", "spec.type"}),
    "ReplicaSet": frozenset({"status.replicas"}),
    "Job": frozenset({"status.successful"}),
}

FieldTest = Callable[[Object], bool]


def parse_fields(text: str, resource: Resource) -> list[FieldTest]:
    """Read a fieldSelector parameter; a field the resource does not offer is refused."""
    return [_field_test(term.strip(), resource) for term in text.split(",") if term.strip()]


def _field_test(term: str, resource: Resource) -> FieldTest:
    match = re.fullmatch(r"(?P<field>[^=!]+)(?P<how>==?|!=)(?P<value>.*)", term)
    if match is None:
        raise bad_request(f"invalid selector: '{term}'; can't understand '{term}'")
    field, wanted, equal = match["field"].strip(), match["value"].strip(), match["how"] != "!="
    offered = FIELDS.get(resource.kind, frozenset()) | {"metadata.name"} | ({"metadata.namespace"} if resource.namespaced else set())
    if field not in offered:
        raise bad_request(f"field label not supported: {field}")
    path = ("source", "component") if field == "source" else tuple(field.split("."))
    return lambda body: (_text_at(body, path) == wanted) is equal


def _text_at(body: Object, path: tuple[str, ...]) -> str:
    value: Any = body
    for part in path:
        value = value.get(part) if isinstance(value, Mapping) else None
        if value is None:
            return "false" if path[-1] in ("unschedulable", "hostNetwork") else "0" if path[-1] == "replicas" else ""
    return str(value).lower() if isinstance(value, bool) else str(value)
