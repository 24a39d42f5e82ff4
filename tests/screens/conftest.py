"""Screens are tested with a fixed clock and without the tester's own terminal settings."""

from __future__ import annotations

import pytest

from screens.question import Question
from tests.screens.fake_desk import FakeDesk


@pytest.fixture(autouse=True)
def plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "TEXTUAL_THEME", "TEXTUAL_COLOR_SYSTEM", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Question, "ARM_DELAY", 0.05)


@pytest.fixture
def desk() -> FakeDesk:
    return FakeDesk()
