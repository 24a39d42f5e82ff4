"""Will a runner outlive this login? A session of its own survives a closed terminal, not a container's end or a strict login manager."""

from __future__ import annotations

import getpass
import os
import re
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

_CONTAINER_MARKS = (Path("/.dockerenv"), Path("/run/.containerenv"))
_LOGIND = (Path("/etc/systemd/logind.conf"), Path("/etc/systemd/logind.conf.d"), Path("/run/systemd/logind.conf.d"))
_LINGER = Path("/var/lib/systemd/linger")


def in_scope(argv: Sequence[str]) -> tuple[str, ...]:
    """`argv` inside a scope of the user's service manager; as it is where there is none."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime and Path(runtime, "bus").exists() and (run := shutil.which("systemd-run")):
        return (run, "--user", "--scope", "--quiet", "--collect", *argv)
    return tuple(argv)


def ends_with_login(
    user: str, *, marks: Iterable[Path] = _CONTAINER_MARKS, settings: Iterable[Path] = _LOGIND, linger: Path = _LINGER
) -> str:
    """Why a run may end with this login, as a sentence for the start of a run; empty when nothing speaks for it."""
    if any(mark.exists() for mark in marks):
        return "this is a container: the run ends with it"
    if _kills_user_processes(settings) and not (linger / user).exists():
        return f"the login manager ends {user}'s processes at logout: `loginctl enable-linger {user}` keeps them"
    return ""


def user_name() -> str:
    """The login name, for `ends_with_login`; empty for a user without one, as containers have them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def _kills_user_processes(settings: Iterable[Path]) -> bool:
    found = False
    for place in settings:
        for file in sorted(place.glob("*.conf")) if place.is_dir() else [place]:
            try:
                said = re.findall(r"^\s*KillUserProcesses\s*=\s*(\w+)", file.read_text(), re.MULTILINE)
            except OSError:
                continue
            found = said[-1].lower() in ("yes", "true", "1", "on") if said else found
    return found
