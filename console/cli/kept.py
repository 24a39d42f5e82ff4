"""Files that a person asks for at the screen: in the state folder, for nobody else's eyes, none written over."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path


def keep(folder: Path, name: str, text: str, *, now: datetime | None = None) -> Path:
    """Write `text` to a new file `name-TIME.txt` in `folder` (mode 0600); returns its path. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "console"
    at = (now or datetime.now(UTC)).astimezone(UTC)
    for number in range(1, 1000):
        path = folder / f"{stem}-{at:%Y%m%dT%H%M%SZ}{'' if number == 1 else f'-{number}'}.txt"
        try:
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            continue
        with os.fdopen(file, "w", encoding="utf-8") as writing:
            writing.write(text)
        return path
    raise FileExistsError(f"too many files {stem}-{at:%Y%m%dT%H%M%SZ} in {folder}")
