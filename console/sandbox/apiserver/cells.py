"""The words that kubectl shows in a column: ages, states of pods, ports."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from console.sandbox.apiserver.resources import Object

Cells = Callable[[Object, datetime], list[Any]]
NONE: Final = "<none>"


def age(body: Object, now: datetime) -> str:
    """How long an object is there."""
    return since(body["metadata"].get("creationTimestamp"), now)


def since(text: str | None, now: datetime) -> str:
    """The time since a moment, in the two largest units that matter."""
    if not text:
        return "<unknown>"
    seconds = max(0, int((now - datetime.fromisoformat(text).astimezone(UTC)).total_seconds()))
    return duration(seconds)


def duration(seconds: int) -> str:
    """119s, 5m30s, 45m, 3h20m, 20h, 3d5h, 40d."""
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 120:
        return f"{seconds}s"
    if minutes < 10:
        return f"{minutes}m{seconds % 60}s" if seconds % 60 else f"{minutes}m"
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return f"{hours}h{minutes % 60}m" if minutes % 60 else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    if hours < 192:
        return f"{days}d{hours % 24}h" if hours % 24 else f"{days}d"
    return f"{days}d"


def pod_cells(body: Object, now: datetime) -> list[Any]:
    """Ready, status, restarts, age, address and node of a pod."""
    statuses = body["status"].get("containerStatuses", ())
    ready = sum(1 for each in statuses if each.get("ready"))
    restarts = sum(each.get("restartCount", 0) for each in statuses)
    last = max((_ended(each.get("lastState", {})) for each in statuses), default="")
    text = f"{restarts} ({since(last, now)} ago)" if restarts and last else str(restarts)
    place = [body["status"].get("podIP") or NONE, body["spec"].get("nodeName") or NONE, NONE, NONE]
    return [f"{ready}/{len(body['spec'].get('containers', ()))}", pod_state(body), text, age(body, now), *place]


def _ended(state: Mapping[str, Any]) -> str:
    return (state.get("terminated") or {}).get("finishedAt") or ""


def pod_state(body: Object) -> str:
    """The one word for a pod: its phase, or why it is not what it should be."""
    if "deletionTimestamp" in body["metadata"]:
        return "Terminating"
    status = body["status"]
    word: str = status.get("reason") or status.get("phase", "Unknown")
    for each in reversed(status.get("containerStatuses", ())):
        waiting, ended = each.get("state", {}).get("waiting"), each.get("state", {}).get("terminated")
        if waiting and waiting.get("reason"):
            word = waiting["reason"]
        elif ended:
            word = ended.get("reason") or (f"Signal:{ended['signal']}" if ended.get("signal") else f"ExitCode:{ended.get('exitCode', 0)}")
    return word


def ports_of(ports: Iterable[Object]) -> str:
    """80/TCP,443:30443/TCP"""
    found = (f"{each['port']}:{each['nodePort']}" if "nodePort" in each else str(each["port"]) for each in ports)
    protocols = (each.get("protocol", "TCP") for each in ports)
    return ",".join(f"{number}/{protocol}" for number, protocol in zip(found, protocols, strict=True)) or NONE


def selector_cell(selector: Mapping[str, Any]) -> str:
    """A workload's equal labels."""
    return ",".join(f"{key}={value}" for key, value in sorted((selector.get("matchLabels") or {}).items())) or NONE


def job_cells(body: Object, now: datetime) -> list[Any]:
    """Status, completions, duration and age of a Job."""
    spec, status = body["spec"], body["status"]
    ends = [each["type"] for each in status.get("conditions", ()) if each["status"] == "True" and each["type"] in ("Complete", "Failed")]
    word = ends[0] if ends else "Suspended" if spec.get("suspend") else "Running"
    wanted = spec.get("completions", f"1 of {spec.get('parallelism', 1)}")
    took = ""
    if "startTime" in status:
        end = status.get("completionTime")
        took = since(status["startTime"], datetime.fromisoformat(end) if end else now)
    return [word, f"{status.get('succeeded', 0)}/{wanted}", took, age(body, now)]


def slice_cells(body: Object, now: datetime) -> list[Any]:
    """Address type, ports, endpoints and age of an EndpointSlice, the first three of many."""
    ports = [str(each.get("port", "*")) for each in body.get("ports") or ()]
    addresses = [address for each in body.get("endpoints") or () for address in each["addresses"]]
    return [body["addressType"], _first_three(ports, "<unset>"), _first_three(addresses, "<unset>"), age(body, now)]


def _first_three(words: list[str], nothing: str) -> str:
    more = f" + {len(words) - 3} more..." if len(words) > 3 else ""
    return ",".join(words[:3]) + more if words else nothing


def event_cells(body: Object, now: datetime) -> list[Any]:
    """What happened to what, when and how often."""
    about, source = body["involvedObject"], body.get("source", {})
    first, last = body.get("firstTimestamp"), body.get("lastTimestamp") or body.get("firstTimestamp") or body.get("eventTime")
    origin = ", ".join(part for part in (source.get("component", ""), source.get("host", "")) if part)
    return [
        since(last, now),
        body.get("type", ""),
        body.get("reason", ""),
        f"{about.get('kind', '').lower()}/{about.get('name', '')}",
        about.get("fieldPath", ""),
        origin,
        body.get("message", "").strip(),
        since(first, now),
        body.get("count", 1),
        body["metadata"]["name"],
    ]
