"""Finds the folder of settings: flag, variable, ./config, the user's configuration folder."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from console.domain.errors import UsageError
from console.folders import user_folder

Origin = Literal["flag", "variable", "here", "user", "given"]

VARIABLE = "BLUEGREEN_CONFIG"
_PACKAGE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class ConfigFolder:
    """A folder of settings, and why it is this one."""

    path: Path
    origin: Origin = "given"

    @property
    def application(self) -> Path:
        """What all environments share; need not exist."""
        return self.path / "application.yml"

    @property
    def metrics(self) -> Path:
        """Queries of the figures; need not exist."""
        return self.path / "metrics.yml"

    def environments(self) -> tuple[Path, ...]:
        return _yaml_files(self.path / "environments")

    def runbooks(self) -> tuple[Path, ...]:
        """One file per runbook: this folder's own, and the shipped ones that it does not replace by a file of the same name."""
        own = _yaml_files(self.path / "runbooks")
        names = {file.stem for file in own}
        return (*own, *(file for file in _yaml_files(shipped_folder() / "runbooks") if file.stem not in names))


class NotConfigured(UsageError):
    """No settings were found; says where they were looked for."""

    def __init__(self, looked_at: tuple[Path, ...]) -> None:
        self.looked_at = looked_at
        places = "".join(f"\n  {place}" for place in looked_at)
        super().__init__(
            f"no settings were found. Looked at:{places}",
            hint=f"Try `bluegreen sandbox`, write a first file with `bluegreen config init`, or name a folder with --config "
            f"(the shipped example: {shipped_folder()})",
        )


def find_config(flag: Path | None, environ: Mapping[str, str], *, here: Path | None = None) -> ConfigFolder:
    """The first folder that is asked for or exists. Raises NotConfigured; a folder asked for by name must exist and hold environments."""
    for origin, path in _asked(flag, environ):
        return ConfigFolder(_asked_folder(path, origin), origin)
    places: tuple[tuple[Origin, Path], ...] = (("here", (here or _here()) / "config"), ("user", user_folder(environ)))
    for origin, path in places:
        if ConfigFolder(path).environments():
            return ConfigFolder(path, origin)
    raise NotConfigured(tuple(path for _, path in places))


def shipped_folder() -> Path:
    """The settings that travel with the program: inside the package when installed, else the source tree's `config/`."""
    installed = _PACKAGE / "shipped"
    return installed if installed.is_dir() else _PACKAGE.parent / "config"


def _here() -> Path:
    """The working folder; as a relative path where it was deleted under us."""
    try:
        return Path.cwd()
    except OSError:
        return Path()


def _asked(flag: Path | None, environ: Mapping[str, str]) -> Iterator[tuple[Origin, Path]]:
    if flag is not None:
        yield "flag", flag
    if environ.get(VARIABLE):
        yield "variable", Path(os.path.expanduser(environ[VARIABLE]))


def _asked_folder(path: Path, origin: Origin) -> Path:
    said = "--config" if origin == "flag" else VARIABLE
    if not path.exists():
        raise UsageError(f"{said} names {path}, which does not exist", hint="Name the folder that holds environments/")
    if not path.is_dir():
        folder = path.parent.parent if path.parent.name == "environments" else path.parent
        raise UsageError(f"{said} names {path}, which is a file", hint=f"Name the folder: {folder}")
    if not ConfigFolder(path).environments():
        raise UsageError(f"{said} names {path}, which holds no environments/*.yml", hint="`bluegreen config init` prints a first one")
    return path


def _yaml_files(folder: Path) -> tuple[Path, ...]:
    if not folder.is_dir():
        return ()
    return tuple(sorted(f for f in folder.iterdir() if f.suffix in (".yml", ".yaml") and not f.name.startswith(".")))
