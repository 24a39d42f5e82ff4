"""What the first frame waits for: Textual, and next to nothing of ours."""

from __future__ import annotations

import subprocess
import sys

HEAVY = {"kubernetes", "aiohttp", "httpx", "sqlalchemy", "pydantic", "yaml", "prometheus_api_client", "msgspec"}


def imported_by(module: str) -> set[str]:
    """Modules that a fresh interpreter has after importing one."""
    script = f"import sys, {module}; print(*sys.modules)"
    return set(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60).stdout.split())


def test_the_app_is_painted_before_the_domain_and_the_screens_are_imported() -> None:
    found = imported_by("console.cli.main, console.cli.console, console.app.app")
    ours = {name for name in found if name.startswith("console.") and not name.startswith(("console.domain", "console.app"))}
    assert ours == {"console.cli", "console.cli.main", "console.cli.options", "console.cli.console", "console.folders"}
    domain = {name for name in found if name.startswith("console.domain.")}
    assert domain <= {f"console.domain.{name}" for name in ("ids", "views", "views.lines", "views.marks", "views.words", "errors")}
    drawn = {name for name in found if name.startswith("screens.")}
    assert drawn <= {f"screens.{name}" for name in ("messages", "opening", "widgets", "widgets.panel", "widgets.strips", "widgets.tones")}


def test_screens_and_console_never_import_a_client() -> None:
    found = imported_by("console.app.core, screens.run, screens.rollback, screens.question, screens.form, console.app.commands")
    assert not HEAVY & {name.partition(".")[0] for name in found}
    assert not {name for name in found if name.startswith(("console.cluster", "console.journal", "console.engine", "actions"))}


def test_the_frame_rate_is_set_before_textual_is_imported() -> None:
    script = "import console.app.app, textual.constants; print(textual.constants.MAX_FPS)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60, env={"PATH": ""})
    assert done.stdout.strip() == "120"
