"""What the API server says about ourselves: who we are, what we may not do, and whether this is the namespace that was meant."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import msgspec

from console.cluster.client import KubeClient
from console.cluster.errors import Answered, NotFound
from console.cluster.structs import ObjectMeta, Struct
from console.cluster.wire import read_answer
from console.engine.ports import AccessRule, Fingerprint, Identity

SELF_REVIEW = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
ACCESS_REVIEW = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


class UserInfo(Struct):
    username: str = ""
    groups: list[str] | None = None


class SelfReviewStatus(Struct):
    user_info: UserInfo = msgspec.field(default_factory=UserInfo)


class SelfReview(Struct):
    status: SelfReviewStatus = msgspec.field(default_factory=SelfReviewStatus)


class AccessStatus(Struct):
    allowed: bool = False


class AccessReview(Struct):
    status: AccessStatus = msgspec.field(default_factory=AccessStatus)


class Namespace(Struct):
    metadata: ObjectMeta


SELF = msgspec.json.Decoder(SelfReview)
ACCESS = msgspec.json.Decoder(AccessReview)
NAMESPACE = msgspec.json.Decoder(Namespace)


async def identity(client: KubeClient) -> Identity:
    """The user the API server takes us for, impersonation included."""
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    try:
        answer = await client.request("POST", SELF_REVIEW, body=body)
    except NotFound as error:
        raise Answered(error.message, hint="Kubernetes 1.28 or newer is needed", status=404, reason=error.reason) from error
    found = read_answer(SELF, answer, doing="read who we are").status.user_info
    return Identity(user=found.username, groups=tuple(found.groups or ()))


async def refused(client: KubeClient, namespace: str, rules: Iterable[AccessRule]) -> tuple[AccessRule, ...]:
    """The rules that we may not do in the namespace, in their order; all are asked at once."""
    asked = tuple(rules)
    allowed = await asyncio.gather(*(_may(client, namespace, rule) for rule in asked))
    return tuple(rule for rule, yes in zip(asked, allowed, strict=True) if not yes)


async def fingerprint(client: KubeClient, namespace: str) -> Fingerprint:
    """Server, namespace and the namespace's UID; raises NotFound when it does not exist."""
    found = read_answer(NAMESPACE, await client.request("GET", f"/api/v1/namespaces/{namespace}"), doing=f"read namespace {namespace}")
    return Fingerprint(server=client.server, namespace=namespace, namespace_uid=found.metadata.uid)


async def _may(client: KubeClient, namespace: str, rule: AccessRule) -> bool:
    attributes = {
        "namespace": namespace,
        "verb": rule.verb,
        "group": rule.group,
        "resource": rule.resource,
        "subresource": rule.subresource,
        "name": rule.name,
    }
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {key: value for key, value in attributes.items() if value}},
    }
    answer = await client.request("POST", ACCESS_REVIEW, body=body)
    return read_answer(ACCESS, answer, doing=f"read whether we may {rule.verb} {rule.resource}").status.allowed
