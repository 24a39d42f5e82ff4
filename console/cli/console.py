"""Opens the console: the first frame waits for nothing but Textual; settings, clients and journal come after it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from console.cli.options import Options

if TYPE_CHECKING:
    from console.app.desk import Watch


def open_console(options: Options) -> None:
    """Run the Textual program until a person leaves it."""
    os.environ.setdefault("TEXTUAL_FPS", "120")  # read when Textual is imported
    from console.app.app import ConsoleApp

    async def watch() -> Watch:
        import asyncio
        import importlib

        watching = await asyncio.to_thread(importlib.import_module, "console.cli.watching")
        opened: Watch = await watching.open_watch(options)
        return opened

    app = ConsoleApp(watch, connecting=options.env or "the cluster of your settings", as_ascii=bool(os.environ.get("BLUEGREEN_ASCII")))
    code = app.run()
    raise SystemExit(code or 0)
