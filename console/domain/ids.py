"""Names and numbers that must not be mixed up."""

from __future__ import annotations

from typing import NewType

SlotName = NewType("SlotName", str)
"""A slot as the application calls it: `blue`, `green`, or the single slot of a rolling environment."""

ComponentName = NewType("ComponentName", str)
"""A part of the application: one Deployment per slot and one Service."""

ReleaseName = NewType("ReleaseName", str)
"""A release as people say it: `v1.5.0`."""

RunId = NewType("RunId", int)
"""Number of a run within one environment's journal, from 1."""

Epoch = NewType("Epoch", int)
"""Grows by one whenever somebody else takes the environment over; every write of a run carries it."""
