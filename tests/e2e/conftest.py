"""One cluster of each kind per session; a scenario in a namespace of its own per test.

Where the real control plane is there, tests run on that alone, for the time it takes; `--both` runs them on the embedded server, too.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

import pytest
import pytest_asyncio

from console.sandbox.binaries import BinariesMissing, find_binaries
from console.sandbox.rehearsal_cluster import SandboxCluster
from tests.planes import control_plane_binaries, short_folder
from tests.support.application import Json
from tests.support.layout import TRAIDER, Layout
from tests.support.scenario import Scenario, running_box

HERE = Path(__file__).parent
BOTH = [pytest.param("real", marks=pytest.mark.real), "embedded"]
REAL = BOTH[:1]


class Starts(Protocol):
    """Starts a scenario on the cluster of this test."""

    def __call__(self, layout: Layout = TRAIDER, *, hurried: bool = True, **settings: Json) -> AbstractAsyncContextManager[Scenario]: ...


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Clusters live as long as the session, and so does the event loop they and their tests run on. Slow tests are asked for."""
    if not config.getoption("both") and _has_real():
        _deselect(config, items, _is_second)
    asked = "slow" in str(config.getoption("markexpr"))
    for item in items:
        if HERE not in item.path.parents:
            continue
        if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.function):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
        if item.get_closest_marker("slow") and not asked:
            item.add_marker(pytest.mark.skip(reason="one of the long tests: `make nightly`, or -m slow"))


def _has_real() -> bool:
    try:
        return bool(find_binaries())
    except BinariesMissing:
        return False


def _is_second(item: pytest.Item) -> bool:
    """The embedded twin of a test that runs on the real control plane."""
    marks = [m for m in item.iter_markers("parametrize") if m.args and m.args[0] == "box"]
    return HERE in item.path.parents and "embedded" in item.name and not marks


def _deselect(config: pytest.Config, items: list[pytest.Item], left_out: Callable[[pytest.Item], bool]) -> None:
    out = [item for item in items if left_out(item)]
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if not left_out(item)]


@pytest.fixture(scope="session")
def session_folder() -> Iterator[Path]:
    with short_folder() as folder:
        yield folder


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def real_box(session_folder: Path) -> AsyncIterator[SandboxCluster]:
    """A cluster with a real control plane."""
    control_plane_binaries()
    async with running_box(session_folder / "real", real=True) as box:
        yield box


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def embedded_box(session_folder: Path) -> AsyncIterator[SandboxCluster]:
    """A cluster on the embedded API server."""
    async with running_box(session_folder / "embedded", real=False) as box:
        yield box


@pytest.fixture(params=BOTH)
def box(request: pytest.FixtureRequest) -> SandboxCluster:
    """The cluster under test; a module that needs Kubernetes itself asks for `real_box`."""
    found: SandboxCluster = request.getfixturevalue(f"{request.param}_box")
    return found


@pytest.fixture
def scenario(box: SandboxCluster, tmp_path: Path) -> Starts:
    """Starts a scenario: `async with scenario(SHOP, waits={"bake": "5s"}) as s`."""

    def start(layout: Layout = TRAIDER, *, hurried: bool = True, **settings: Json) -> AbstractAsyncContextManager[Scenario]:
        return Scenario.on(box, tmp_path, layout=layout, hurried=hurried, **settings)

    return start
