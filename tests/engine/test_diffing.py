"""What a plan would change in each object: rehearsed by the server, or computed here, never written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from console.domain.change import MergePatch, Write
from console.domain.errors import PortError
from console.domain.object_diff import DiffView
from console.domain.patching import patched
from console.engine.diffing import diff_of
from console.engine.start import Request
from tests.engine.rig import Rig

NOW = datetime(2026, 3, 1, 2, 41, tzinfo=UTC)


@dataclass
class Server:
    """Adds a default, as admission does, so that its word can be told from ours."""

    shop: Rig
    refuses: Mapping[str, int] = field(default_factory=dict)
    """Status by the name of an object."""
    rehearsed: list[Write] = field(default_factory=list)

    async def current(self, kind: str, name: str) -> dict[str, Any] | None:
        found: dict[str, Any] = {"kind": kind, "metadata": {"name": name, "uid": "1"}, "spec": {"password": "hunter2"}}
        if kind == "Service":
            service = self.shop.cluster.service(name)
            found["metadata"] |= {"resourceVersion": service.meta.resource_version, "annotations": dict(service.meta.annotations)}
            found["spec"]["selector"] = dict(service.selector)
        return found

    async def rehearse(self, write: Write) -> dict[str, Any] | None:
        self.rehearsed.append(write)
        if status := self.refuses.get(write.name):
            raise PortError(f"cannot patch {write.name}", sent="no", status=status)
        return {**(patched(await self.current(write.kind, write.name), write) or {}), "byAdmission": True}


async def diff(shop: Rig, server: Server, *, read_only: bool = False) -> DiffView:
    request = Request(shop.deps.runbooks["deploy"], {"release": "v2"})
    return await diff_of(request, shop.deps, server, read_only=read_only, now=lambda: NOW)


async def test_each_write_is_rehearsed_by_the_server_and_nothing_is_written(shop: Rig) -> None:
    server = Server(shop)
    found = await diff(shop, server)
    backend = next(each for each in found.objects if each.name == "backend-green")
    assert (backend.kind, backend.state, backend.told_by) == ("Deployment", "changed", "server dry run")
    assert "+byAdmission: true" in backend.lines
    assert any("+" in line and "shop/backend:v2" in line for line in backend.lines)
    assert not any("hunter2" in line or "uid" in line for each in found.objects for line in each.lines)
    assert len(server.rehearsed) == len(found.objects)
    assert shop.cluster.writes == []


async def test_a_read_only_console_computes_and_says_so(shop: Rig) -> None:
    server = Server(shop)
    found = await diff(shop, server, read_only=True)
    assert server.rehearsed == []
    assert {each.told_by for each in found.objects} == {"computed here"}
    assert "read-only" in found.objects[0].note
    assert any("shop/backend:v2" in line for line in found.objects[0].lines)


@pytest.mark.parametrize(("status", "state"), [(403, "changed"), (422, "refused")])
async def test_what_we_may_not_rehearse_is_computed_and_what_the_server_refuses_is_told(shop: Rig, status: int, state: str) -> None:
    found = await diff(shop, Server(shop, refuses={"backend-green": status}))
    backend = next(each for each in found.objects if each.name == "backend-green")
    assert (backend.state, backend.told_by) == (state, "computed here")
    assert backend.note.endswith("cannot patch backend-green")
    assert backend.note.startswith("the server would refuse it") == (status == 422)
    assert any("shop/backend:v2" in line for line in backend.lines)


async def test_a_second_write_of_an_object_is_computed_on_the_first(shop: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    from console.domain.change import Change
    from console.engine import diffing

    writes = tuple(MergePatch("Deployment", "backend-green", {"spec": {key: 1}}) for key in ("one", "two"))

    async def planned(*_: object) -> Change:
        return Change("change it", writes)

    monkeypatch.setattr(diffing, "plan_step", planned)
    first, second, *_ = (await diff(shop, Server(shop))).objects
    assert (first.told_by, second.told_by, second.note) == ("server dry run", "computed here", "another step of this plan writes it first")
    assert [line for line in second.lines if line.startswith("+")] == ["+  two: 1"]
