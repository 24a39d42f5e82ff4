"""The console over a scene, in a real terminal: `python -m tests.screens.demo deploying`. For looking, and for the terminal tests."""

from __future__ import annotations

import sys
from contextlib import suppress
from datetime import UTC

from console.app.app import ConsoleApp
from console.app.desk import Watch
from tests.screens import scenes
from tests.screens.fake_desk import FakeDesk

SNAPSHOTS = {
    "well": scenes.well,
    "deploying": scenes.deploying,
    "gate": scenes.deploying,
    "split": scenes.split,
    "switched": scenes.switched,
    "lost": scenes.api_lost,
}


def main(scene: str) -> int:
    """Returns the App's exit code; prints what the desk was asked to change."""
    desk = FakeDesk()

    async def factory() -> Watch:
        desk.snapshot.put(SNAPSHOTS[scene]())
        run = scenes.at_the_gate() if scene == "gate" else scenes.waiting_for_pods()
        before = scenes.finished(at=scenes.ago(9 * 86400))
        desk.show_runs(*([before] if scene == "well" else [run, before]))
        return desk

    app = ConsoleApp(factory, connecting="traider-prod @ prod-eu1", zone=UTC, now=lambda: scenes.NOW)
    app.run()
    with suppress(OSError):  # the terminal may be gone
        print("changed:", desk.changing_calls, "closed:", desk.closed, flush=True)
    return app.return_code or 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1] if len(sys.argv) > 1 else "deploying"))
