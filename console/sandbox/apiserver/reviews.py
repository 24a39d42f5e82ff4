"""The questions a user asks about himself: who am I, may I do this, what may I do here."""

from __future__ import annotations

from typing import Any

from console.sandbox.apiserver.errors import ApiError, Cause, bad_request
from console.sandbox.apiserver.rbac import Authorizer, Rule, User
from console.sandbox.apiserver.requests import RequestInfo
from console.sandbox.apiserver.resources import ACCESS_REVIEWS, RULES_REVIEWS, SELF_REVIEWS, Object, Resource


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
    if resource is ACCESS_REVIEWS:
        review["spec"] = spec
    elif resource is RULES_REVIEWS:
        review["spec"] = {}
    return review | {"status": status}


def _user_info(user: User) -> Object:
    info: Object = {"username": user.name, "uid": user.name, "groups": list(user.groups)}
    if user.extra:
        info["extra"] = dict(user.extra)
    return info


def access_status(spec: Object, user: User, authorizer: Authorizer) -> Object:
    """allowed, with the reason that the real authorizer gives."""
    if ("resourceAttributes" in spec) == ("nonResourceAttributes" in spec):
        raise _unclear_question()
    reason = authorizer.reason(user, _asked(spec))
    if reason is None:
        return {"allowed": False}
    return {"allowed": True, "reason": reason} if reason else {"allowed": True}


def _unclear_question() -> ApiError:
    cause = Cause("spec", "Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified")
    message = f'.authorization.k8s.io "" is invalid: {cause.field}: {cause.message}'
    return ApiError(422, "Invalid", message, details={"group": "authorization.k8s.io", "causes": [cause.as_json()]})


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
    namespace = spec.get("namespace", "")
    if not namespace:
        raise bad_request("no namespace on request")
    rules = [grant.rule for grant in authorizer.grants(user, namespace)]
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
