"""Who may do what: the stored Roles and bindings, evaluated as the RBAC authorizer does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from console.sandbox.apiserver.errors import ApiError
from console.sandbox.apiserver.requests import RequestInfo
from console.sandbox.apiserver.resources import CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, ROLE_BINDINGS, ROLES, Object
from console.sandbox.apiserver.store import Store, Stored

MASTERS: Final = "system:masters"
AUTHENTICATED: Final = "system:authenticated"
UNAUTHENTICATED: Final = "system:unauthenticated"

Rule = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class User:
    """Who sent a request."""

    name: str
    groups: tuple[str, ...]
    extra: Mapping[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Grant:
    """A rule that applies to a user, and the binding it comes by."""

    rule: Rule
    source: str


ANONYMOUS: Final = User("system:anonymous", (UNAUTHENTICATED,))


class Authorizer:
    """Decides by the roles that are in the store at this moment."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def check(self, user: User, request: RequestInfo) -> None:
        """Refuse what no rule grants, with 403 in a real server's words."""
        if not self.allows(user, request):
            raise refused(user, request)

    def allows(self, user: User, request: RequestInfo) -> bool:
        """Whether some rule grants the request."""
        return self.reason(user, request) is not None

    def reason(self, user: User, request: RequestInfo) -> str | None:
        """Why the request is allowed, '' for a master; None where nothing grants it."""
        if MASTERS in user.groups:
            return ""
        grants = _grants_resource if request.plural else _grants_path
        for grant in self.grants(user, request.namespace):
            if grants(grant.rule, request):
                return f"RBAC: allowed by {grant.source}"
        return None

    def grants(self, user: User, namespace: str) -> Iterator[Grant]:
        """Every rule that applies to a user in a namespace, cluster-wide ones first."""
        for binding in self._store.of(CLUSTER_ROLE_BINDINGS).all():
            yield from self._granted(binding, user, "")
        if namespace:
            for binding in self._store.of(ROLE_BINDINGS).all(namespace):
                yield from self._granted(binding, user, namespace)

    def _granted(self, binding: Stored, user: User, namespace: str) -> Iterator[Grant]:
        subject = _subject_of(binding.body, user)
        if subject is None:
            return
        reference = binding.body["roleRef"]
        place = f"{binding.key[1]}/{namespace}" if namespace else binding.key[1]
        whom = f'{subject["kind"]} "{subject["name"]}"'
        source = f'{binding.resource.kind} "{place}" of {reference["kind"]} "{reference["name"]}" to {whom}'
        for rule in self._role_rules(reference, namespace):
            yield Grant(rule, source)

    def _role_rules(self, reference: Mapping[str, str], namespace: str) -> Iterable[Rule]:
        if reference["kind"] == "ClusterRole":
            role = self._store.of(CLUSTER_ROLES).get(("", reference["name"]))
        else:
            role = self._store.of(ROLES).get((namespace, reference["name"]))
        return (role.body.get("rules") or ()) if role else ()


def _subject_of(binding: Object, user: User) -> Mapping[str, str] | None:
    """The subject of a binding that is this user or one of his groups."""
    for subject in binding.get("subjects") or ():
        names = {"User": (user.name,), "Group": user.groups}.get(subject["kind"], ())
        if subject["name"] in names:
            found: Mapping[str, str] = subject
            return found
    return None


def _grants_resource(rule: Rule, request: RequestInfo) -> bool:
    return (
        _has(rule.get("verbs"), request.verb)
        and _has(rule.get("apiGroups"), request.group)
        and (_has(rule.get("resources"), request.with_subresource) or f"*/{request.subresource}" in (rule.get("resources") or ()))
        and (not rule.get("resourceNames") or request.name in rule["resourceNames"])
    )


def _grants_path(rule: Rule, request: RequestInfo) -> bool:
    return _has(rule.get("verbs"), request.verb) and any(
        path == request.path or (path.endswith("*") and request.path.startswith(path[:-1])) for path in rule.get("nonResourceURLs") or ()
    )


def _has(allowed: Iterable[str] | None, wanted: str) -> bool:
    return any(each in ("*", wanted) for each in allowed or ())


def refused(user: User, request: RequestInfo) -> ApiError:
    """The 403 for a request that no rule grants."""
    if not request.plural:
        return ApiError(403, "Forbidden", f'forbidden: User "{user.name}" cannot {request.verb} path "{request.path}"', details={})
    scope = f'in the namespace "{request.namespace}"' if request.namespace else "at the cluster scope"
    what = f"{request.plural}.{request.group}" if request.group else request.plural
    subject = f'{what} "{request.name}"' if request.name else what
    why = f'User "{user.name}" cannot {request.verb} resource "{request.with_subresource}" in API group "{request.group}" {scope}'
    details = {"name": request.name, "group": request.group, "kind": request.plural}
    return ApiError(403, "Forbidden", f"{subject} is forbidden: {why}", details={key: value for key, value in details.items() if value})
