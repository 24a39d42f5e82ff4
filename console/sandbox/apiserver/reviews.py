"""The questions a user asks about himself: who am I, may I do this, what may I do here."""

from __future__ import annotations

from typing import Any, Final

from console.sandbox.apiserver.rbac import MASTERS, Authorizer, Rule, User
from console.sandbox.apiserver.requests import RequestInfo
from console.sandbox.apiserver.resources import ACCESS_REVIEWS, RULES_REVIEWS, SELF_REVIEWS, Object, Resource

_EVERYTHING: Final[list[Rule]] = [
    {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]},
    {"verbs": ["*"], "nonResourceURLs": ["*"]},
]


def answer(resource: Resource, document: Object, *, user: User, authorizer: Authorizer, now: str) -> Object:
    """The review with its status filled in."""
    spec = document.get("spec") or {}
    if resource is SELF_REVIEWS:
        status: Object = {"userInfo": _user_info(user)}
        metadata: Object = {"creationTimestamp": now}
    else:
        status = access_status(spec, user, authorizer) if resource is ACCESS_REVIEWS else rules_status(spec, user, authorizer)
        metadata = {}
    review: Object = {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": metadata}
    if resource in (ACCESS_REVIEWS, RULES_REVIEWS):
        review["spec"] = spec
    return review | {"status": status}


def _user_info(user: User) -> Object:
    info: Object = {"username": user.name, "uid": user.name, "groups": list(user.groups)}
    if user.extra:
        info["extra"] = dict(user.extra)
    return info


def access_status(spec: Object, user: User, authorizer: Authorizer) -> Object:
    """allowed, with the reason that the real authorizer gives."""
    request = _asked(spec)
    if MASTERS in user.groups:
        return {"allowed": True}
    allowed = authorizer.allows(user, request)
    return {"allowed": True, "reason": "RBAC: allowed"} if allowed else {"allowed": False}


def _asked(spec: Object) -> RequestInfo:
    path = spec.get("nonResourceAttributes")
    if path is not None:
        return RequestInfo(verb=path.get("verb", "get"), path=path.get("path", ""))
    asked = spec.get("resourceAttributes") or {}
    return RequestInfo(
        verb=asked.get("verb", ""),
        path="",
        group=asked.get("group", ""),
        version=asked.get("version", ""),
        plural=asked.get("resource", ""),
        namespace=asked.get("namespace", ""),
        name=asked.get("name", ""),
        subresource=asked.get("subresource", ""),
    )


def rules_status(spec: Object, user: User, authorizer: Authorizer) -> Object:
    """Every rule that applies in the namespace asked about."""
    rules = _EVERYTHING if MASTERS in user.groups else list(authorizer.rules(user, spec.get("namespace", "")))
    return {
        "resourceRules": [_resource_rule(rule) for rule in rules if rule.get("resources")],
        "nonResourceRules": [
            {"verbs": rule["verbs"], "nonResourceURLs": rule["nonResourceURLs"]} for rule in rules if rule.get("nonResourceURLs")
        ],
        "incomplete": False,
    }


def _resource_rule(rule: Rule) -> dict[str, Any]:
    parts = ("verbs", "apiGroups", "resources", "resourceNames")
    return {part: list(rule[part]) for part in parts if rule.get(part)}
