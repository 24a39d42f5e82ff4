"""What the embedded server does not speak it refuses with 501 and a sentence; the real one speaks it."""

from __future__ import annotations

import pytest

from tests.contract.objects import Paths
from tests.contract.wire import Api


@pytest.mark.parametrize(
    ("version", "plural"), [("batch/v1", "cronjobs"), ("apps/v1", "statefulsets"), ("networking.k8s.io/v1", "ingresses")]
)
async def test_another_kind(api: Api, paths: Paths, is_embedded: bool, version: str, plural: str) -> None:
    answer = await api.get(paths.group(version, plural))
    if is_embedded:
        assert plural in answer.refused(501, "NotImplemented")["message"]
    else:
        assert answer.ok()["items"] == []


async def test_another_review(api: Api, is_embedded: bool) -> None:
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": "nobody's"}}
    answer = await api.post("/apis/authentication.k8s.io/v1/tokenreviews", body)
    if is_embedded:
        assert "tokenreviews" in answer.refused(501, "NotImplemented")["message"]
    else:
        assert not answer.ok(201)["status"].get("authenticated")
