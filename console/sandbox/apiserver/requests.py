"""What a request asks for, read from its method, path and query as the Kubernetes API lays them out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import unquote

from console.sandbox.apiserver.resources import BY_PATH, NAMESPACES, Resource

Verb = Literal["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"]

_VERBS: Final[Mapping[str, Verb]] = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete", "GET": "get", "HEAD": "get"}
_TRUE: Final = ("true", "1")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestInfo:
    """The question every request asks of authorization."""

    verb: Verb
    path: str
    group: str = ""
    version: str = ""
    plural: str = ""
    """Empty for a path that names no resource."""
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    rest: str = ""
    """What follows `/proxy/`."""

    @property
    def resource(self) -> Resource | None:
        """The resource, if the server has it."""
        return BY_PATH.get((self.group, self.version, self.plural))

    @property
    def with_subresource(self) -> str:
        """deployments/scale, as RBAC rules write it."""
        return f"{self.plural}/{self.subresource}" if self.subresource else self.plural


def parse(method: str, path: str, query: Mapping[str, str]) -> RequestInfo:
    """Read a request line."""
    verb = _VERBS.get(method, "get")
    parts = [unquote(part) for part in path.strip("/").split("/")]
    match parts:
        case ["api", version, first, *rest]:
            return _resource_request(verb, path, ("", version), [first, *rest], query)
        case ["apis", group, version, first, *rest]:
            return _resource_request(verb, path, (group, version), [first, *rest], query)
        case _:
            return RequestInfo(verb=verb, path=path)


def _resource_request(verb: Verb, path: str, served: tuple[str, str], parts: list[str], query: Mapping[str, str]) -> RequestInfo:
    namespace = ""
    if parts[0] == "namespaces" and len(parts) > 1:
        namespace = parts[1]
        if len(parts) > 2 and parts[2] not in NAMESPACES.subresources:
            parts = parts[2:]
    name, subresource, *rest = (*parts[1:], "", "")
    watching = query.get("watch") in _TRUE
    if verb == "get" and watching and not subresource:
        verb = "watch"
    elif verb == "get" and not name:
        verb = "list"
    elif verb == "delete" and not name:
        verb = "deletecollection"
    return RequestInfo(
        verb=verb,
        path=path,
        group=served[0],
        version=served[1],
        plural=parts[0],
        namespace=namespace,
        name=name,
        subresource=subresource,
        rest="/".join(rest).rstrip("/") if subresource == "proxy" else "",
    )
