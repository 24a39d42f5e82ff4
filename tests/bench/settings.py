"""Settings of a scenario, changed for what is measured."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml


def changed(config: Path, **sections: Any) -> None:
    """Change the environment's file: sections are merged, anything else is replaced, None is left to what is shipped."""
    file = config / "environments" / "rehearsal.yml"
    document = yaml.safe_load(file.read_text())
    for name, value in sections.items():
        document[name] = {**document[name], **value} if isinstance(value, Mapping) else value
    file.write_text(yaml.safe_dump({k: v for k, v in document.items() if v is not None}, sort_keys=False))
