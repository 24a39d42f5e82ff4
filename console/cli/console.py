"""Opens the console: the first frame waits for nothing but Textual; settings, clients and journal come after it."""

from __future__ import annotations

import os

from console.cli.options import Options


def open_console(options: Options) -> None:
    """Run the Textual program until a person leaves it."""
    os.environ.setdefault("TEXTUAL_FPS", "120")  # read when Textual is imported
    from console.app.app import ConsoleApp
    from console.app.desk import Desk

    async def desk() -> Desk:
        import asyncio

        opened = await asyncio.to_thread(__import__, "console.cli.desk", fromlist=["open_desk"])
        made: Desk = await opened.open_desk(options)
        return made

    app = ConsoleApp(desk, connecting=options.env or "the cluster of your settings", as_ascii=bool(os.environ.get("BLUEGREEN_ASCII")))
    code = app.run()
    raise SystemExit(code or 0)
