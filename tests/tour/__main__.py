"""Makes the pictures of docs/tour.md from the real program on a rehearsal cluster: `python -m tests.tour` (about two minutes).

A release goes out, is switched to, goes wrong and is rolled back, by keys alone; each screen is drawn where the tour comes by.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable
from pathlib import Path

from screens.places import PLACES
from screens.question import Question
from tests.planes import short_folder
from tests.screens.apps import deliberately, question, shown
from tests.support.real_console import RealConsole, real_console
from tests.support.scenario import Scenario, running_box

PICTURES = Path(__file__).resolve().parents[2] / "docs" / "pictures"
SIZES = {"": (120, 40), "-narrow": (80, 24)}
PATIENCE = 90.0
ON_THE_WAY = ("checklist", "diff")
"""Places that show something only in the middle of something."""
_FONTS = re.compile(r"@font-face\s*\{[^}]*\}\s*")


async def tour(folder: Path) -> None:
    """The whole way."""
    async with running_box(folder / "box", real=False) as box, Scenario.on(box, folder / "s") as s:
        await s.deploy("v1.4.1")
        await s.deploy("v1.4.2")
        s.set_waits(bake="300s")
        async with s.load(60.0), real_console(s.operator) as c:
            await _seen(c, lambda text: "/s" in text and "p95" in text and "no data" not in text.split("GREEN")[0])
            await picture(c, "overview", narrow=True)
            await _deploy(c)
            await _goes_wrong(s, c)
            for place in (each for each in PLACES if each.name not in ON_THE_WAY):
                await c.go(place.name)
                await c.pilot.pause(1.5)
                await picture(c, place.name)
            await _back(c)
            await _checklist(c)


async def _deploy(c: RealConsole) -> None:
    await c.press("d")
    await _seen(c, lambda text: "Makes a plan first" in text)
    await c.press(*"v1.5.0", "enter")
    await _seen(c, lambda text: "enter Start" in text and "change" in text)
    await picture(c, "plan")
    await c.press("f")
    await _seen(c, lambda text: "traider-backend:v1.5.0" in text)
    await picture(c, "diff")
    await c.press("escape")
    await _seen(c, lambda text: "enter Start" in text)
    await _asked(c)
    await deliberately(c.pilot, "d")
    await _seen(c, lambda text: "asks" in text and "enter Answer" in text)
    await picture(c, "run")
    await _asked(c)
    await picture(c, "question")
    await deliberately(c.pilot, "s")
    await _seen(c, lambda text: "watch v1.5.0 serve" in text)
    await c.go("overview")
    await c.pilot.pause(8.0)
    await picture(c, "switched")


async def _goes_wrong(s: Scenario, c: RealConsole) -> None:
    """The pods that users are on are not ready any more."""
    active = await s.app.active()
    await s.box.faults.slot(active, unready=True)
    await _seen(c, lambda text: f"{active} v1.5.0, broken" in text or f"{active} v1.5.0, partly" in text)
    await picture(c, "failing")


async def _back(c: RealConsole) -> None:
    await c.press("ctrl+r")
    await _seen(c, lambda text: "Roll back to" in text)
    await _asked(c)
    await picture(c, "rollback-question")
    await deliberately(c.pilot, "b")
    await _seen(c, lambda text: "✔ done at" in text)
    await picture(c, "record")


async def _checklist(c: RealConsole) -> None:
    """The verification after a deployment, until a person is asked."""
    await c.go("checklist")
    await c.press("j", "enter")
    await _seen(c, lambda text: "enter Start" in text and "3 questions" in text)
    await _asked(c)
    await deliberately(c.pilot, "v")
    await _seen(c, lambda text: "item 3 of 5" in text and "enter Answer" in text)
    await picture(c, "checklist")


async def _asked(c: RealConsole) -> None:
    """Press enter until there is a question that takes answers: a plan may be on its way once more."""
    async with asyncio.timeout(PATIENCE):
        while not isinstance(c.app.screen, Question):
            await c.press("enter")
            await c.pilot.pause(0.3)
    await question(c.pilot)


async def picture(c: RealConsole, name: str, *, narrow: bool = False) -> None:
    """Draw the screen as it is; with `narrow` at 80x24, too."""
    for suffix, size in SIZES.items() if narrow else [("", SIZES[""])]:
        await c.pilot.resize_terminal(*size)
        await c.pilot.pause(0.5)
        drawn = _FONTS.sub("", c.app.export_screenshot(title="bluegreen"))
        (PICTURES / f"{name}{suffix}.svg").write_text(drawn, encoding="utf-8")
    await c.pilot.resize_terminal(*SIZES[""])


async def _seen(c: RealConsole, holds: Callable[[str], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds(shown(c.app)):
            await c.pilot.pause(0.1)


if __name__ == "__main__":
    PICTURES.mkdir(parents=True, exist_ok=True)
    with short_folder() as made:
        os.environ["XDG_STATE_HOME"] = str(made / "state")  # evidence is kept there, and its path is in the pictures
        asyncio.run(tour(made))
    print(f"{len(list(PICTURES.glob('*.svg')))} pictures in {PICTURES}")
