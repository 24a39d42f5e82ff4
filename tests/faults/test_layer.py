"""The fault layer itself: each fault does what its name says, decisions follow the seed, and no effect is missed."""

from __future__ import annotations

from collections import Counter

import pytest

from console.cluster import errors
from console.cluster.calls import call_of
from console.cluster.client import KubeClient
from console.domain.change import Create, JsonPatch, PatchOp
from tests.faults.conftest import Behind
from tests.faults.effects import effect_of
from tests.faults.kinds import BEFORE, STREAMED, WRITTEN, Fault
from tests.faults.weather import Script, Weather

SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web"},
    "spec": {"selector": {"app": "web", "version": "blue"}, "ports": [{"port": 80}]},
}
SWITCH = JsonPatch("Service", "web", (PatchOp("replace", "/spec/selector/version", "green"),))
ERRORS: dict[Fault, type[Exception]] = {
    Fault.CONFLICT: errors.Conflict,
    Fault.INVALID: errors.Invalid,
    Fault.BUSY: errors.TooManyRequests,
    Fault.ERROR: errors.ServerFault,
    Fault.UNAVAILABLE: errors.ServerFault,
    Fault.PAGE: errors.Unreachable,
    Fault.RESET: errors.Unreachable,
    Fault.HANG: errors.TimedOut,
    Fault.CUT: errors.Unreachable,
    Fault.GARBLED: errors.ClusterError,
    Fault.LOST: errors.Unreachable,
    Fault.ERROR_AFTER: errors.ServerFault,
}


@pytest.mark.parametrize("kind", [f for f in Fault if f in WRITTEN and f is not Fault.SLOW])
async def test_a_write_meets_its_fault_and_its_effect_is_accounted_for(
    behind: Behind, monkeypatch: pytest.MonkeyPatch, kind: Fault
) -> None:
    await behind.past.write(Create("Service", "web", SERVICE))
    behind.proxy.weather, behind.proxy.retry_after = Script([("patch services web", kind)]), 30
    if kind is Fault.HANG:
        quick(behind.through.client, monkeypatch)
    with pytest.raises(ERRORS[kind]):
        await behind.through.write(SWITCH)
    service = await behind.past.get_service("web")
    assert service is not None
    happened = kind not in BEFORE
    assert (service.selector["version"] == "green") is happened
    assert [(e.kind, e.name, e.substance) for e in behind.proxy.effects] == (
        [("services", "web", (("spec.selector.version", "blue", "green"),))] if happened else []
    )
    assert [(each.fault, each.effect) for each in behind.proxy.injected] == [(kind, happened)]


def quick(client: KubeClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every request of this client have half a second."""
    request = client.request

    async def hurried(*words: str, **options: object) -> bytes:
        return await request(*words, **{**options, "timeout": 0.5})  # type: ignore[arg-type]

    monkeypatch.setattr(client, "request", hurried)


async def test_under_a_clear_sky_nothing_is_different(behind: Behind) -> None:
    await behind.through.write(Create("Service", "web", SERVICE))
    await behind.through.write(SWITCH)
    assert (await behind.through.observe(("Service",))).services == (await behind.past.observe(("Service",))).services
    assert [str(e) for e in behind.proxy.effects] == ["1: services web created", "2: services web spec.selector.version blue → green"]
    assert not behind.proxy.injected


async def test_a_write_that_changes_nothing_is_no_effect(behind: Behind) -> None:
    await behind.past.write(Create("Service", "web", SERVICE))
    await behind.through.write(JsonPatch("Service", "web", (PatchOp("replace", "/spec/selector/version", "blue"),)))
    assert behind.proxy.effects == []


async def test_the_same_seed_decides_the_same_whatever_comes_in_between() -> None:
    calls = [call_of("GET", f"/api/v1/namespaces/shop/{name}") for name in ("pods", "services") for _ in range(200)]
    one, other = Weather(seed=3, rate=0.3), Weather(seed=3, rate=0.3)
    forward = [one.decide(c) for c in calls]
    mixed = [other.decide(c) for pair in zip(calls[:200], calls[200:], strict=True) for c in pair]
    assert forward == mixed[::2] + mixed[1::2]
    met = Counter(d.fault for d in forward if d.fault)
    assert 60 < met.total() < 180
    assert [Weather(seed=4, rate=0.3).decide(c) for c in calls] != forward


async def test_a_fault_only_meets_what_it_can_happen_to() -> None:
    weather = Weather(seed=1, rate=1.0)
    read = {weather.decide(call_of("GET", "/api/v1/namespaces/shop/services/web")).fault for _ in range(300)}
    watched = {weather.decide(call_of("GET", "/api/v1/namespaces/shop/services", {"watch": "1"})).fault for _ in range(300)}
    assert not read & (STREAMED | {Fault.CONFLICT, Fault.LOST, Fault.GONE})
    assert watched >= STREAMED


async def test_who_wrote_it_is_no_substance() -> None:
    def annotated(epoch: str, more: dict[str, str]) -> dict[str, object]:
        return {"metadata": {"annotations": {"bluegreen/epoch": epoch, **more}}, "status": {"replicas": int(epoch)}}

    stamped = effect_of(1, "services", "web", annotated("1", {}), annotated("2", {}))
    assert stamped is not None
    assert stamped.substance == ()
    changed = effect_of(1, "services", "web", annotated("1", {}), annotated("2", {"bluegreen/release": "v2"}))
    assert changed is not None
    assert changed.substance == (("metadata.annotations.bluegreen/release", "", "v2"),)
    beside = effect_of(1, "deployments", "web", annotated("1", {}), annotated("2", {"deployment.kubernetes.io/revision": "5"}))
    assert beside is not None
    assert beside.substance == ()
    counted = effect_of(1, "services", "web", {"metadata": {"resourceVersion": "1"}}, {"metadata": {"resourceVersion": "2"}})
    assert counted is None
