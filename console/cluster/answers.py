"""Turns an answer of 400 and above into the error a caller can act on, and foreign pages into one sentence.

Kubernetes answers with a `Status` object; proxies and load balancers in between answer with HTML or plain text.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from typing import Any

from console.cluster import errors
from console.cluster.errors import Answered, Cause, ClusterError, Details, Unreachable

BY_STATUS: Mapping[int, type[Answered]] = {
    400: errors.BadRequest,
    401: errors.Unauthorized,
    403: errors.Forbidden,
    404: errors.NotFound,
    409: errors.Conflict,
    410: errors.Gone,
    422: errors.Invalid,
    429: errors.TooManyRequests,
    501: errors.NotSupported,
}
MANAGER = re.compile(r'conflicts? with "(?P<name>[^"]*)"')
NOT_IN_SCHEMA = "failed to create typed patch object"
"""How the API server refuses a server-side apply with a field that it does not know: with 500, although nothing happened."""
GATEWAY = frozenset({502, 503, 504})


def error_of(status: int, body: bytes, headers: Mapping[str, str], doing: str) -> ClusterError:
    """The error for an answer to `doing` ("patch service web"); the message starts with what was tried."""
    said = _status_object(body)
    if said is None:
        return _foreign(status, body, headers, doing)
    message = f"cannot {doing}: {said.get('message') or said.get('reason') or f'HTTP {status}'}"
    return _build(status, message, str(said.get("reason") or ""), _details(said, headers))


def sentence(body: bytes, *, limit: int = 200) -> str:
    """What a page or text says, as one line of at most `limit` characters."""
    text = body.decode("utf-8", "replace")
    if "<" in text:
        title = re.search(r"<title[^>]*>(.*?)</title>", text, re.I | re.S)
        text = title.group(1) if title else re.sub(r"<[^>]*>", " ", re.sub(r"<(script|style).*?</\1>", " ", text, flags=re.I | re.S))
        text = html.unescape(text)
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _foreign(status: int, body: bytes, headers: Mapping[str, str], doing: str) -> ClusterError:
    """An answer without a Status: a proxy's page, or the API server's plain text (for example from a pod proxy)."""
    said = sentence(body)
    where = f"HTTP {status}" + (f" ({said})" if said else "")
    if status in GATEWAY and "html" in _header(headers, "content-type"):
        return Unreachable(f"cannot {doing}: a proxy in front of the API server answered {where}", status=status, sent="maybe")
    return _build(status, f"cannot {doing}: {where}", "", Details(retry_after=_retry_after({}, headers)))


def _build(status: int, message: str, reason: str, details: Details) -> Answered:
    if status == 500 and NOT_IN_SCHEMA in message:
        return errors.Invalid(message, reason=reason or "Invalid", details=details)
    if status >= 500 and status != 501:
        return errors.ServerFault(message, status=status, reason=reason or "ServerFault", sent="maybe", details=details)
    kind = BY_STATUS.get(status, Answered)
    if status == 409 and reason == "AlreadyExists":
        kind = errors.AlreadyExists
    elif status == 409 and details.owners:
        kind = errors.ApplyConflict
        message = f"{message.split(':')[0]}: other writers hold fields of it: {_owners_text(details.owners)}"
    return kind(message, status=status, reason=reason or kind.__name__, details=details)


def _owners_text(owners: Mapping[str, tuple[str, ...]]) -> str:
    return "; ".join(f"{name} holds {', '.join(fields)}" for name, fields in owners.items())


def _status_object(body: bytes) -> dict[str, Any] | None:
    try:
        said = json.loads(body)
    except ValueError:
        return None
    return said if isinstance(said, dict) and said.get("kind") == "Status" else None


def _details(said: Mapping[str, Any], headers: Mapping[str, str]) -> Details:
    raw = said.get("details") or {}
    causes = tuple(
        Cause(reason=str(c.get("reason", "")), field=str(c.get("field", "")), message=str(c.get("message", "")))
        for c in raw.get("causes") or ()
    )
    owners: dict[str, list[str]] = {}
    for cause in causes:
        if cause.reason == "FieldManagerConflict" and (found := MANAGER.search(cause.message)):
            owners.setdefault(found["name"], []).append(cause.field.lstrip("."))
    return Details(
        causes=causes,
        owners={name: tuple(fields) for name, fields in owners.items()},
        retry_after=_retry_after(raw, headers),
    )


def _retry_after(details: Mapping[str, Any], headers: Mapping[str, str]) -> float | None:
    """Seconds; a date form is not used by API servers and counts as absent."""
    for value in (_header(headers, "retry-after"), details.get("retryAfterSeconds")):
        try:
            return max(0.0, float(value))  # type: ignore[arg-type]  # None and "" are the error case below
        except (TypeError, ValueError):
            continue
    return None


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((value for key, value in headers.items() if key.lower() == name), "")
