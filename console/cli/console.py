"""Opens the console: the first frame waits for nothing but Textual; settings, clients and journal come after it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from console.cli.options import Options
from console.folders import user_folder

if TYPE_CHECKING:
    from console.app.desk import FirstUseNeeded, Watch
    from console.settings import NotConfigured


def open_console(options: Options) -> None:
    """Run the Textual program until a person leaves it."""
    os.environ.setdefault("TEXTUAL_FPS", "120")  # read when Textual is imported
    from console.app.app import ConsoleApp
    from console.app.core import SANDBOX_ASKED

    async def watch() -> Watch:
        import asyncio
        import importlib

        watching = await asyncio.to_thread(importlib.import_module, "console.cli.watching")
        from console.settings import NotConfigured

        try:
            opened: Watch = await watching.open_watch(options)
        except NotConfigured as problem:
            raise _first_use(problem) from None
        return opened

    app = ConsoleApp(
        watch,
        connecting=options.env or "the cluster of your settings",
        as_ascii=bool(os.environ.get("BLUEGREEN_ASCII")),
        theme=os.environ.get("BLUEGREEN_THEME", ""),
        preferences=user_folder(os.environ),
    )
    code = app.run()
    if code == SANDBOX_ASKED:
        os.execv(sys.executable, [sys.executable, "-m", "console", "sandbox"])
    raise SystemExit(code or 0)


def _first_use(problem: NotConfigured) -> FirstUseNeeded:
    from console.app.desk import FirstUseNeeded
    from console.cli.first_use import first_use, write_first_settings

    view = first_use(problem)
    return FirstUseNeeded(view, lambda: write_first_settings(view))
