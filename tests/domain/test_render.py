"""Manifests rendered for a slot: what the environment and the slot decide, and what stays as it was written."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from console.domain.environment import ClusterRef, Component, Environment
from console.domain.ids import ComponentName, SlotName
from console.domain.render import ManifestError, render_deployment, rendered_digest

BLUE, GREEN = SlotName("blue"), SlotName("green")
API = Component(ComponentName("api"), "shop-api", {BLUE: "shop-api-blue", GREEN: "shop-api-green"}, "api", "shop/api")
SHOP = Environment("production", "shop", ClusterRef("shop"), (API,))


def manifest(**container: object) -> dict[str, Any]:
    labels = {"app": "shop-api"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "shop-api", "labels": labels},
        "spec": {
            "replicas": 9,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "api", "image": "shop/api", **container}]}},
        },
    }


def rendered(environment: Environment = SHOP, **container: object) -> dict[str, Any]:
    return render_deployment(environment, API, [manifest(**container)], slot=GREEN, image="shop/api:v2", replicas=3, annotations={"a": "b"})


def test_the_slot_gives_name_labels_and_selector_and_the_release_the_image() -> None:
    found = rendered()
    labels = {"app": "shop-api", "version": "green"}
    assert found["metadata"]["name"] == "shop-api-green"
    template = found["spec"]["template"]
    assert found["metadata"]["labels"] == found["spec"]["selector"]["matchLabels"] == template["metadata"]["labels"] == labels
    assert template["spec"]["containers"][0]["image"] == "shop/api:v2"
    assert found["spec"]["replicas"] == 3
    assert found["metadata"]["annotations"]["a"] == "b"


def test_without_resources_in_the_settings_the_manifest_decides() -> None:
    written = {"requests": {"cpu": "1"}, "limits": {"memory": "1Gi"}}
    assert rendered(resources=written)["spec"]["template"]["spec"]["containers"][0]["resources"] == written


def test_the_environments_size_replaces_requests_and_the_limits_that_are_there() -> None:
    large = replace(SHOP, resources={"cpu": "2000m", "memory": "2Gi"})
    found = rendered(large, resources={"requests": {"cpu": "500m", "ephemeral-storage": "1Gi"}, "limits": {"memory": "512Mi"}})
    assert found["spec"]["template"]["spec"]["containers"][0]["resources"] == {
        "requests": {"cpu": "2000m", "memory": "2Gi", "ephemeral-storage": "1Gi"},
        "limits": {"memory": "2Gi"},
    }


def test_another_size_is_another_rendering() -> None:
    large = replace(SHOP, resources={"cpu": "2"})
    assert rendered_digest(SHOP, API, [manifest()], GREEN) != rendered_digest(large, API, [manifest()], GREEN)


def test_a_manifest_without_the_container_names_those_it_has() -> None:
    with pytest.raises(ManifestError, match=r"no container api \(it has web\)"):
        rendered(name="web")
