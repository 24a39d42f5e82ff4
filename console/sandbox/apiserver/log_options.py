"""The options of a pod's log: read and checked as kube-apiserver does, and as it passes them on to the node."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from console.sandbox.apiserver.errors import ApiError, Cause, bad_request, forbidden_value, invalid_value

FLAGS = ("follow", "previous", "timestamps")
NUMBERS = {
    "sinceSeconds": (1, "must be greater than 0"),
    "tailLines": (0, "must be greater than or equal to 0"),
    "limitBytes": (1, "must be greater than 0"),
}
"""Name → least value, and what is said below it."""


def passed_on(query: Mapping[str, str], pod: str) -> dict[str, str]:
    """What the node is asked; a moment is cut to whole seconds, in UTC."""
    numbers = {name: _number(name, query[name]) for name in NUMBERS if name in query}
    since = _moment(query["sinceTime"]) if "sinceTime" in query else None
    causes = list(_broken_rules(numbers, since))
    if causes:
        raise _invalid(pod, causes)
    flags = {name: "true" for name in FLAGS if query.get(name, "false").lower() not in ("false", "0", "")}
    moment = {"sinceTime": f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"} if since else {}
    return {**flags, **{name: str(value) for name, value in numbers.items()}, **moment}


def _number(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise bad_request(f'unable to decode {name}: strconv.ParseInt: parsing "{text}": invalid syntax') from None


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise bad_request(f'unable to decode sinceTime: parsing time "{text}" as RFC3339')
    return found


def _broken_rules(numbers: Mapping[str, int], since: datetime | None) -> Iterator[Cause]:
    for name, value in numbers.items():
        least, said = NUMBERS[name]
        if value < least:
            yield invalid_value(name, value, said)
    if since is not None and "sinceSeconds" in numbers:
        yield forbidden_value("", "at most one of `sinceTime` or `sinceSeconds` may be specified")


def _invalid(pod: str, causes: list[Cause]) -> ApiError:
    lines = [f"{cause.field or '<nil>'}: {cause.message}" for cause in causes]
    text = lines[0] if len(lines) == 1 else "[" + ", ".join(lines) + "]"
    details = {"name": pod, "kind": "PodLogOptions", "causes": [cause.as_json() for cause in causes]}
    return ApiError(422, "Invalid", f'PodLogOptions "{pod}" is invalid: {text}', details=details)
