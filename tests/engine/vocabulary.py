"""A small vocabulary of actions, for tests of runbooks as files: names, effects and parameters alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from actions.command import CommandParams
from actions.manual import ManualParams
from console.domain.runbook import Effect
from console.engine.action import NoParams

Slot = Literal["preview", "previous", "active"]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SlotParams(Strict):
    slot: Slot


class HealthParams(Strict):
    slot: Slot
    consecutive: int = Field(default=3, ge=1)


class SwitchParams(Strict):
    to: Slot
    order: list[str] = []


class HoldParams(Strict):
    release: str
    reason: str = ""


class ScaleParams(Strict):
    slot: str = Field(description="preview, previous, active, or a slot's own name")
    replicas: int


@dataclass(frozen=True)
class Word:
    name: str
    effect: Effect
    params: type[BaseModel] = NoParams


WORDS = {
    word.name: word
    for word in (
        Word("cluster.ready", "observe"),
        Word("slots.apply", "check_then_act", SlotParams),
        Word("slots.scale", "check_then_act", ScaleParams),
        Word("health.slot", "observe", HealthParams),
        Word("traffic.switch", "check_then_act", SwitchParams),
        Word("traffic.verify", "observe"),
        Word("hold.place", "check_then_act", HoldParams),
        Word("manual", "manual", ManualParams),
        Word("command", "observe", CommandParams),
    )
}
