"""What may be imported when: the first frame waits for Textual alone, the first picture for settings and one client."""

from __future__ import annotations

import subprocess
import sys

import pytest


def loaded_by(statement: str) -> set[str]:
    """Names of all modules that are loaded after `statement` ran in a fresh interpreter."""
    program = f"import sys\n{statement}\nprint('\\n'.join(sys.modules))"
    return set(subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split())


def packages(modules: set[str]) -> set[str]:
    return {m.partition(".")[0] for m in modules}


@pytest.mark.parametrize(
    ("statement", "forbidden"),
    [
        ("import console.domain.views.overview", {"textual", "rich", "httpx", "aiohttp", "kubernetes", "sqlalchemy", "yaml", "msgspec"}),
        ("import console.app.app", {"httpx", "aiohttp", "kubernetes", "sqlalchemy", "yaml", "pydantic", "msgspec", "requests"}),
        ("import console.cli.main", {"textual", "httpx", "aiohttp", "kubernetes", "sqlalchemy", "yaml", "pydantic", "msgspec", "requests"}),
        (
            "import console.app.core, console.cli.watching, console.cluster.kube, console.cluster.link",
            {"httpx", "sqlalchemy", "pydantic", "requests", "dateutil", "prometheus_api_client", "actions"},
        ),
        ("import console.cli.status", {"textual", "sqlalchemy", "requests"}),
        (
            "import console.cli.pods, console.cli.logs, console.cli.look, console.cli.metrics",
            {"textual", "rich", "sqlalchemy", "pydantic", "requests", "httpx", "aiohttp", "kubernetes", "actions"},
        ),
        (
            "import console.cli.audit, console.cli.report, console.cli.items, console.cli.runs",
            {"textual", "rich", "pydantic", "requests", "httpx", "aiohttp", "kubernetes", "actions"},
        ),
        ("import console.cluster.connect", {"requests", "textual", "sqlalchemy", "oauthlib", "websocket"}),
        ("import actions", {"textual", "kubernetes", "aiohttp", "httpx", "requests"}),
        ("import console.engine.runner", {"textual", "kubernetes", "aiohttp", "httpx", "requests"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_it_loads_nothing_that_it_does_not_need(statement: str, forbidden: set[str]) -> None:
    assert packages(loaded_by(statement)) & forbidden == set()


def test_health_checks_bring_no_screen_library_along() -> None:
    statement = "import sys; sys.argv = ['bluegreen', '--version']\nfrom console.__main__ import main\ntry: main()\nexcept SystemExit: pass"
    assert packages(loaded_by(f"{statement}\nimport console.probes.prober, httpx")) & {"rich", "pygments", "textual"} == set()


def test_the_kubernetes_package_is_still_whole_after_its_code_was_stepped_over() -> None:
    statement = "import console.cluster.transport, kubernetes\nfrom kubernetes.aio import config, watch\nassert kubernetes.__version__"
    assert "kubernetes.config" in loaded_by(statement)
