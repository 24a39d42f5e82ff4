"""`python -m console`, `bluegreen` and `kubectl bluegreen`."""

from __future__ import annotations

import gc
import os
import sys


def main() -> None:
    """Run the command line and leave with its exit code."""
    gc.set_threshold(50_000, 20, 50)  # start-up makes many objects that all stay: looking through them again and again frees none
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # looking for plugins reads every installed distribution
    sys.modules["httpx._main"] = None  # type: ignore[assignment]  # httpx' own command line, which would bring a second screen library along
    from console.cli.main import run

    code = run(sys.argv[1:])
    gc.freeze()  # all of it goes now: looking for what refers to what is a sixth of a short command
    sys.exit(code)


if __name__ == "__main__":
    main()
