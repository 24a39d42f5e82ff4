"""A release into an empty namespace, onto Deployments that somebody else owns, in place, and one component alone."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml

from console.domain.ids import SlotName
from console.domain.render import render_deployment, render_services
from console.sandbox.rehearsal_cluster import SandboxCluster
from console.settings import ConfigFolder, load
from tests.e2e.conftest import Starts
from tests.support.application import Json
from tests.support.layout import FOREIGN_NOTE, ROLLING, SHOP
from tests.support.registry import running_registry
from tests.support.scenario import Scenario


async def test_the_first_release_fills_an_empty_namespace(scenario: Starts) -> None:
    async with scenario() as s:
        assert await s.app.list("deployments") == []
        ran = await s.deploy("v1.4.2")
        await s.app.expect_live(await s.app.active(), "v1.4.2")
        assert "done" in ran.out
        assert {d["metadata"]["name"] for d in await s.app.list("deployments")} == {
            part.deployments[await s.app.active()] for part in s.layout.parts
        }
        status = (await s.cli("--json", "status")).expect(0).json
        assert (status["users"]["state"], status["slots"][status["active"]]["stable"]) == ("well", True)


async def test_adopted_deployments_keep_all_that_is_not_ours(scenario: Starts) -> None:
    async with scenario(SHOP) as s:
        await s.adopt("v1.4.0", active="east")
        before = await s.app.objects()
        await s.deploy("v1.5.0")
        await s.app.expect_live("west", "v1.5.0")
        after = await s.app.objects()
        assert await s.app.tags("west") == {"pricing": "v1.5.0", "web": "v1.5.0"}
        assert await s.app.sizes("west") == await s.app.sizes("east") == {"pricing": 2, "web": 2}
        assert without_ours(s, after) == without_ours(s, before)
        (await s.cli("rollback", "--yes", "--reason", "back")).expect(0)
        await s.app.expect_live("east", "v1.4.0")
        assert without_ours(s, await s.app.objects()) == without_ours(s, before)


@pytest.mark.slow
async def test_in_one_slot_a_release_replaces_what_runs_and_the_way_back_applies_the_last_stable_one(scenario: Starts) -> None:
    async with scenario(ROLLING) as s:
        await s.deploy("v1.4.2")
        async with s.load(50) as load:
            await s.deploy("v1.5.0")
            await s.app.expect_live("main", "v1.5.0")
            (await s.cli("rollback", "--yes", "--reason", "errors")).expect(0)
            await s.app.expect_live("main", "v1.4.2")
        assert not load.report().failures, str(load.report())
        assert await s.app.tags("main") == {"backend": "v1.4.2", "frontend": "v1.4.2"}


@pytest.mark.slow
async def test_a_hotfix_changes_one_component_and_leaves_the_other_its_image(scenario: Starts) -> None:
    async with scenario(SHOP) as s:
        await s.adopt("v1.4.0", active="east")
        s.add_release("v1.4.0-fix", only="backend")
        (await s.cli("run", "hotfix", "-i", "release=pricing=v1.4.0-fix", "-i", "watch=1s", "--yes", "--reason", "wrong totals")).expect(0)
        assert await s.app.tags("west") == {"pricing": "v1.4.0-fix", "web": "v1.4.0"}
        await s.app.expect_live("west", "v1.4.0", pricing="v1.4.0-fix")
        (await s.cli("rollback", "--yes", "--reason", "back")).expect(0)
        await s.app.expect_live("east", "v1.4.0")


@pytest.mark.slow
async def test_a_tag_is_deployed_by_the_digest_that_its_registry_tells(scenario: Starts, box: SandboxCluster) -> None:
    async with running_registry(box.images) as registry, scenario(SHOP.with_images_at(registry)) as s:
        await s.adopt("v1.4.0", active="east")
        ran = await s.deploy("v1.5.0")
        digests = {part.name: box.images.digests()[part.repository]["v1.5.0"] for part in s.layout.parts}
        assert await s.app.images("west") == {p.name: f"{p.repository}:v1.5.0@{digests[p.name]}" for p in s.layout.parts}
        assert "named by tag" not in ran.out
        await s.app.expect_live("west", "v1.5.0")


@pytest.mark.slow
async def test_what_kubectl_applied_from_the_same_manifests_is_taken_over_whole(scenario: Starts) -> None:
    """A variable that is no longer in the manifest goes, although client-side apply had put it there."""
    async with scenario() as s:
        before = [*rendered(s, "blue", replicas=2), *rendered(s, "green", replicas=0, extra={"name": "OLD", "value": "1"})]
        await kubectl_apply(s, before)
        await s.until_routed("blue")
        await s.deploy("v1.5.0")
        await s.app.expect_live("green", "v1.5.0")
        for part in s.layout.parts:
            (container,) = (await s.app.deployment(part, "green"))["spec"]["template"]["spec"]["containers"]
            assert "OLD" not in [variable["name"] for variable in container["env"]]


@pytest.mark.slow
async def test_what_an_owner_applies_with_kubectl_keeps_its_fields_and_its_owner_is_named(scenario: Starts) -> None:
    async with scenario(SHOP) as s:
        await kubectl_apply(s, s.layout.objects("v1.4.0", active="east", replicas=2))
        await s.until_routed("east")
        before = without_ours(s, await s.app.objects())
        ran = await s.deploy("v1.5.0")
        assert "kubectl" in ran.out, f"who else writes here was not said: {ran}"
        assert without_ours(s, await s.app.objects()) == before
        await s.app.expect_live("west", "v1.5.0")


def rendered(s: Scenario, slot: str, *, replicas: int, extra: Json | None = None) -> list[Json]:
    """The shipped manifests as somebody would have applied them for a slot by hand; users are on blue."""
    environment = load(ConfigFolder(s.operator.config)).environment()
    found: list[Json] = []
    for component in environment.components:
        assert component.manifest is not None
        documents = [each for each in yaml.safe_load_all(component.manifest.read_text()) if each]
        deployment = render_deployment(
            environment, component, documents, slot=SlotName(slot), image=f"{component.image}:v1.4.2", replicas=replicas, annotations={}
        )
        if extra:
            deployment["spec"]["template"]["spec"]["containers"][0]["env"].append(extra)
        found += [deployment, *render_services(environment, component, documents, slot=SlotName("blue"), annotations={})]
    return [_as_by_hand(each) for each in found]


def _as_by_hand(document: Json) -> Json:
    metadata = document["metadata"]
    metadata["annotations"] = {k: v for k, v in (metadata.get("annotations") or {}).items() if not k.startswith("bluegreen/")}
    return document


async def kubectl_apply(s: Scenario, documents: list[Json]) -> None:
    """Client-side, as people do it."""
    file = s.folder / "objects.yml"
    file.write_text(yaml.safe_dump_all(documents))
    kubeconfig = s.box.kubeconfig("admin", s.namespace)
    (await s.kubectl(f"kubectl --kubeconfig {kubeconfig} --namespace {s.namespace} apply -f {file}")).expect(0)


def without_ours(s: Scenario, found: dict[str, Json]) -> dict[str, Json]:
    """The same without what a console may change: image, replicas and selector's slot, our annotations, and what the server counts."""
    return {name: _foreign(s, copy.deepcopy(each)) for name, each in found.items()}


def _foreign(s: Scenario, each: Json) -> Json:
    each.pop("status", None)
    metadata: dict[str, Any] = each["metadata"]
    for counted in ("generation", "resourceVersion", "managedFields"):
        metadata.pop(counted, None)
    notes = metadata["annotations"]
    assert notes[FOREIGN_NOTE] == "the shop team"
    metadata["annotations"] = {k: v for k, v in notes.items() if not k.startswith(("bluegreen/", "deployment.kubernetes.io/"))}
    if "template" in each["spec"]:
        each["spec"].pop("replicas")
        each["spec"]["template"]["spec"]["containers"][0].pop("image")
    else:
        each["spec"]["selector"].pop(s.layout.slot_key)
    return each
