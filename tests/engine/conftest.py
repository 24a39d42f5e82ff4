"""The shop, ready to be driven."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from tests.engine.rig import Rig, rig

MakeRig = Callable[..., Awaitable[Rig]]


@pytest.fixture
async def make_rig(tmp_path: Path) -> AsyncIterator[MakeRig]:
    rigs: list[Rig] = []

    async def make(**options: object) -> Rig:
        rigs.append(await rig(options.pop("folder", tmp_path), **options))  # type: ignore[arg-type]
        return rigs[-1]

    yield make
    for made in rigs:
        await made.journal.close()


@pytest.fixture
async def shop(make_rig: MakeRig) -> Rig:
    return await make_rig()
