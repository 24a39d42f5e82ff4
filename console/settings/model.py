"""What was read from a folder of settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from console.document.problems import ConfigError, Problem, did_you_mean
from console.domain.environment import Environment
from console.domain.errors import UsageError
from console.settings.folder import ConfigFolder
from console.settings.override import overridden

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Settings:
    """All environments of one application. A mistake in one of them does not stand in the way of the others."""

    application: str
    environments: Mapping[str, Environment]
    """Usable ones, in the order of promotion."""
    folder: ConfigFolder
    default: str | None = None
    broken: Mapping[str, tuple[Problem, ...]] = field(default_factory=dict)
    """Mistakes of the environments that cannot be used, by environment."""
    warnings: tuple[Problem, ...] = ()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Mistakes of all broken environments."""
        return tuple(problem for found in self.broken.values() for problem in found)

    def environment(self, name: str | None = None, environ: Mapping[str, str] = _NOTHING) -> Environment:
        """The environment called `name`, else the default, else the only one; `environ` may override where it runs (BLUEGREEN_*).

        Raises ConfigError when its settings have mistakes, UsageError when it is unknown or the choice is open.
        """
        wanted = name or self.default or self._only()
        if wanted in self.broken:
            raise ConfigError(self.broken[wanted])
        if wanted not in self.environments:
            near = did_you_mean(wanted, self._names())
            raise UsageError(f"there is no environment {wanted!r} in {self.folder.path}", hint=near[:1].upper() + near[1:])
        return overridden(self.environments[wanted], environ)

    def _only(self) -> str:
        known = self._names()
        if len(known) == 1:
            return known[0]
        hint = f"Choose one with --env or BLUEGREEN_ENV: {', '.join(known)}; or write default: into {self.folder.application}"
        raise UsageError(f"{len(known)} environments are configured and none is the default", hint=hint)

    def _names(self) -> list[str]:
        return [*self.environments, *(name for name in self.broken if name not in self.environments)]
