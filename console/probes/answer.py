"""What an answer is worth: a check and a reply in, a `ProbeResult` out. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from console.domain.environment import Check, Health
from console.domain.health import ProbeLabel, ProbeResult
from console.domain.ids import ComponentName


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer, whatever its status."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    latency: float = 0.0
    """Seconds from the first packet to the last byte."""


@dataclass(frozen=True, slots=True)
class Failure:
    """No answer came. With the label `skipped` the application was not asked, which is neither pass nor failure."""

    label: ProbeLabel
    detail: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a check is asked."""

    component: ComponentName
    url: str
    """Base URL, or `pod NAME:PORT`."""
    pod: str = ""


def result_of(check: Check, place: Place, said: Reply | Failure, *, health: Health, at: datetime) -> ProbeResult:
    """The verdict of one check."""
    url = place.url + check.path
    if isinstance(said, Failure):
        ok = None if said.label == "skipped" else False
        return ProbeResult(check.name, place.component, ok, said.label, said.detail, url=url, at=at, pod=place.pod)
    label, detail = _verdict(check, said)
    return ProbeResult(
        check=check.name,
        component=place.component,
        ok=label == "ok",
        label=label,
        detail=detail,
        status=said.status,
        latency=said.latency,
        release=release_of(said, health) if check.path == health.release_path else "",
        url=url,
        at=at,
        pod=place.pod,
    )


def release_of(reply: Reply, health: Health) -> str:
    """The release that an answer names; empty when it names none."""
    value = field_of(_json(reply.body), health.release_field)
    return value if isinstance(value, str) else ""


def field_of(value: Any, path: str) -> Any:
    """The value at a dotted path of keys, list items by number; None when there is none."""
    for key in path.split(".") if path else ():
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value


def _verdict(check: Check, reply: Reply) -> tuple[ProbeLabel, str]:
    if reply.status != check.status:
        to = reply.headers.get("location", "")
        wanted = "" if 200 <= check.status < 300 else f", not {check.status}"
        return "status", f"{reply.status}{f' to {to}' if to else ''}{wanted}"
    if not check.field:
        return "ok", ""
    body = _json(reply.body)
    if body is None:
        return "body", "the answer is not JSON"
    found = _as_text(field_of(body, check.field))
    if found == check.equals:
        return "ok", ""
    said = f'"{found}"' if found is not None else "missing"
    return "body", f'{check.field} is {said}, not "{check.equals}"'


def _as_text(value: Any) -> str | None:
    """A JSON value as settings write it: `true`, `3`, `healthy`."""
    return value if value is None or isinstance(value, str) else json.dumps(value)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
