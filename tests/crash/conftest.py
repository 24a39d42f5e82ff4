"""One stand for all on the real control plane, on an event loop that lives as long."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from console.sandbox.control_plane import ControlPlane
from tests.crash.stand import Stand, stand
from tests.planes import short_folder

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The stand lives as long as the session, and so does the event loop that it and its tests run on."""
    for item in items:
        if HERE in item.path.parents and isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.function):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def standing(real_plane: ControlPlane) -> AsyncIterator[Stand]:
    """Users on green v1.5.0, blue v1.4.2 warm."""
    with short_folder() as folder:
        async with stand(real_plane, folder) as found:
            yield found
