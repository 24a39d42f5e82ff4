"""Where a person's own files are. Standard library only: it is needed before the first frame."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def user_folder(environ: Mapping[str, str]) -> Path:
    """The person's own configuration folder, by the XDG base directories."""
    base = environ.get("XDG_CONFIG_HOME") or os.path.join(environ.get("HOME") or os.path.expanduser("~"), ".config")
    return Path(os.path.expanduser(base)) / "bluegreen"
