"""Where an environment's journal, locks, spools and evidence live on this machine."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from console.domain.environment import Environment
from console.journal.errors import JournalUnavailable

_SPARE = (Path("/dev/shm"), Path("/tmp"), Path("/var/tmp"))
"""Looked at by name: asking Python for the temporary folder raises where none can be written."""


@dataclass(frozen=True)
class Place:
    """One environment's files."""

    journal: str
    """A file or a database URL."""
    runs: Path
    """Folder of this environment's locks, spools and evidence."""

    def evidence(self, uid: str) -> Path:
        """Folder of one run's kept logs and states."""
        return self.runs / uid

    @property
    def spools(self) -> tuple[Path, ...]:
        """Folders for a spool, best first: the disk that refuses the journal often refuses its neighbours too."""
        named = [Path(found) for name in ("XDG_RUNTIME_DIR", "TMPDIR") if (found := os.environ.get(name))]
        spare = dict.fromkeys((*named, *_SPARE))
        return (self.runs, *(folder / f"bluegreen-{os.getuid()}" / self.runs.name for folder in spare))


def place_of(environment: Environment, *, journal: str | Path | None = None, state: Path | None = None) -> Place:
    """The default place (XDG state folder), or around a journal given by name.

    One file per environment and target: two clusters' `production` do not share a chain.
    """
    root = state or of_the_user(platformdirs.user_state_path("bluegreen"))
    key = environment_key(environment)
    return Place(str(journal) if journal else str(root / "journal" / f"{key}.db"), root / "runs" / key)


def of_the_user(folder: Path) -> Path:
    """The folder; for a user who has no home, one that cannot be made, rather than one called `~` in the working folder."""
    return folder if folder.is_absolute() else Path("/nonexistent") / "bluegreen"


def environment_key(environment: Environment) -> str:
    """`traider-production-1f00ac9e`: names for people, and the target so that equal names of two clusters stay apart."""
    cluster = environment.cluster
    target = "\n".join((cluster.server or "", cluster.context or "", str(cluster.kubeconfig or ""), cluster.namespace))
    name = re.sub(r"[^a-z0-9.]+", "-", f"{environment.application}-{environment.name}".lower()).strip("-")
    return f"{name}-{hashlib.sha256(target.encode()).hexdigest()[:8]}"


def workable(folders: tuple[Path, ...]) -> Path:
    """The first folder that can be written; raises JournalUnavailable when none can."""
    for folder in folders:
        try:
            _try(folder)
        except OSError:
            continue
        return folder
    raise JournalUnavailable(
        f"none of {', '.join(map(str, folders))} can be written", hint="make room, or give another place with --journal"
    )


def _try(folder: Path) -> None:
    """Make the folder below one that is there, see that it is ours, and write a little. Raises OSError."""
    missing = [folder, folder.parent] if folder.parent.name.startswith("bluegreen-") else []
    for part in reversed(missing):
        part.mkdir(mode=0o700, exist_ok=True)
    folder.mkdir(mode=0o700, parents=not missing, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise PermissionError(f"{folder} is somebody else's")
    with tempfile.TemporaryFile(dir=folder) as probe:
        probe.write(b"0" * 4096)
