"""What every test may rely on: nothing of the user's own settings, clusters, journals or colours reaches it."""

from __future__ import annotations

import os
from pathlib import Path

import hypothesis
import pytest

pytest.register_assert_rewrite("tests.support")  # before any folder of tests imports it
pytest_plugins = ["tests.planes"]  # API servers: one of each kind for all tests of a process

hypothesis.settings.register_profile("untimed", deadline=None)  # how long an example takes says how busy the machine is
hypothesis.settings.load_profile("untimed")

OURS = ("BLUEGREEN_",)
OTHERS = ("KUBECONFIG", "NO_COLOR", "TEXTUAL_THEME", "TEXTUAL_COLOR_SYSTEM", "COLORTERM", "PGHOST", "PGUSER", "PGPASSWORD", "PGDATABASE")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--both", action="store_true", help="run every end-to-end test on the embedded API server, too")


def pytest_configure(config: pytest.Config) -> None:
    """Before anything is collected, so that session fixtures and child processes are covered, too."""
    for name in list(os.environ):
        if name.startswith(OURS) or name in OTHERS:
            del os.environ[name]


@pytest.fixture(scope="session", autouse=True)
def home_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """XDG folders of the tests' own; the cache stays the user's, since the control plane is built into it."""
    home = tmp_path_factory.mktemp("home")
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"):
        os.environ[name] = str(home / name.lower())
    return home
