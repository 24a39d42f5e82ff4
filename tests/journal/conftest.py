"""Journals in temporary files."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from console.journal import Journal, open_journal

OpenJournal = Callable[[], Awaitable[Journal]]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.db"


@pytest.fixture
async def opened(place: Path) -> AsyncIterator[OpenJournal]:
    """Opens the one journal of the test; everything opened is closed at the end."""
    journals: list[Journal] = []

    async def open_one() -> Journal:
        journals.append(await open_journal(place, "production", busy_timeout=0.2))
        return journals[-1]

    yield open_one
    for journal in journals:
        await journal.close()


@pytest.fixture
async def journal(opened: OpenJournal) -> Journal:
    return await opened()
