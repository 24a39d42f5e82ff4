"""Imports that take their time, beside what waits for the network or for the screen."""

from __future__ import annotations

import asyncio
import importlib
from types import ModuleType


async def loaded(name: str) -> ModuleType:
    """A module; the event loop goes on while it is imported."""
    return await asyncio.to_thread(importlib.import_module, name)
