"""What a request means: its verb and object from method and path, and whether a read-only connection may send it.

Read-only is decided here, on the path as it would leave (after normalisation), not by which function was called.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

REVIEWS = frozenset(
    {
        ("authorization.k8s.io", "selfsubjectaccessreviews"),
        ("authorization.k8s.io", "selfsubjectrulesreviews"),
        ("authentication.k8s.io", "selfsubjectreviews"),
    }
)
"""Created by POST, stored nowhere: they ask what we may do and who we are."""

SESSIONS = frozenset({"exec", "attach", "portforward"})
"""Subresources that a GET opens a channel through; whatever goes through it is no reading."""

VERBS: Mapping[str, str] = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


@dataclass(frozen=True, slots=True)
class Call:
    """One request to the API server, taken apart."""

    method: str
    path: str
    group: str = ""
    resource: str = ""
    """Plural name; empty for paths outside the object API (`/livez`, `/version`)."""
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    watching: bool = False

    @property
    def verb(self) -> str:
        """Kubernetes' verb (`list`, `watch`, `get`, `create` …); for a subresource its name, for other paths the path."""
        if not self.resource:
            return self.path.strip("/").split("/")[0] or "root"
        if self.method != "GET":
            return VERBS.get(self.method, self.method.lower())
        if self.watching:
            return "watch"
        return self.subresource if self.subresource in {"log", "proxy"} else "get" if self.name else "list"

    @property
    def reading(self) -> bool:
        """Nothing is changed by it, so it may be asked again: readings, and reviews, which are created and stored nowhere."""
        return self.method == "GET" or (self.method == "POST" and (self.group, self.resource) in REVIEWS and not self.name)

    @property
    def of_objects(self) -> bool:
        """What comes back is an object of the API, not a pod's own words."""
        return bool(self.resource) and self.subresource not in {"proxy", "log"}

    def __str__(self) -> str:
        if not self.resource:
            return f"{self.method.lower()} {self.path}"
        what = self.resource + (f"/{self.subresource}" if self.subresource and self.verb != self.subresource else "")
        name = f" {self.name}" if self.name else ""
        where = f" in {self.namespace}" if self.namespace else ""
        return f"{self.verb} {what}{name}{where}"


def call_of(method: str, path: str, params: Mapping[str, str] | None = None) -> Call:
    """Takes a request apart. `path` is without the server's own prefix."""
    parts = [unquote(part) for part in path.strip("/").split("/")]
    match parts:
        case ["api", _, *rest] if rest:
            group = ""
        case ["apis", group, _, *rest] if rest:
            pass
        case _:
            return Call(method, path)
    namespace = ""
    if len(rest) > 2 and rest[0] == "namespaces" and rest[2] not in {"status", "finalize"}:
        namespace, rest = rest[1], rest[2:]
    resource, name, subresource = (*rest[:3], "", "")[:3] if len(rest) > 1 else (rest[0], "", "")
    watching = (params or {}).get("watch", "") in {"1", "true"}
    return Call(method, path, group, resource, namespace, name, subresource, watching)


def refusal(call: Call) -> str:
    """Why a read-only connection does not send `call`; empty when it does."""
    if not _plain(call):
        return "its path is not in normal form"
    if call.method == "GET":
        if call.subresource in SESSIONS:
            return f"{call.subresource} opens a session in a pod"
        if call.subresource == "proxy" and call.resource != "pods":
            return f"a proxy through {call.resource} can run commands"
        return ""
    if call.method == "POST" and (call.group, call.resource) in REVIEWS and not call.name:
        return ""
    return "it is a write"


def _plain(call: Call) -> bool:
    """Whether every reader of the path, proxies and the server included, splits it as we do.

    No segment leads up, none is empty, none hides a slash; behind `proxy` the last two are the pod's affair.
    """
    parts = [unquote(part) for part in call.path.strip("/").split("/")]
    own = parts[: parts.index("proxy")] if call.subresource == "proxy" else parts
    return not {".", ".."} & set(parts) and (own == [""] or all(part and "/" not in part for part in own))
