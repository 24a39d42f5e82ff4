"""Settings: found, read, checked, and handed on as values of `console.domain.environment`.

Every mistake names its file, line and column and what to write instead; all mistakes are told at once. Nothing of the application or
the cluster is assumed here beyond what the files say.
"""

from __future__ import annotations

from console.document.problems import ConfigError, Problem
from console.settings.example import init_example
from console.settings.folder import ConfigFolder, NotConfigured, find_config, shipped_folder
from console.settings.load import check, load
from console.settings.model import Settings

__all__ = [
    "ConfigError", "ConfigFolder", "NotConfigured", "Problem", "Settings", "check", "find_config", "init_example", "load", "shipped_folder",
]  # fmt: skip
