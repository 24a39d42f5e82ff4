"""What one process of the application is told by its environment variables."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from console.sandbox.application.faults import Faults, faults_from_environment

Value = TypeVar("Value")


class SettingsError(Exception):
    """An environment variable is missing or does not parse; the message names it."""


class Component(Enum):
    """Which part of the application this process is."""

    FRONTEND = "frontend"
    BACKEND = "backend"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything a process of the application is configured with."""

    component: Component
    release: str
    slot: str
    """Empty where there is only one."""
    pod: str
    host: str
    port: int
    database_url: str
    """libpq URL; empty for a frontend."""
    database_connections: int
    backend_url: str
    """Base URL of the backend's Service; empty for a backend."""
    session_secret: bytes
    """Signs anti-forgery tokens; pods that share it accept each other's."""
    lame_duck: float
    """Seconds for which new connections are still taken after SIGTERM, until every proxy knows that this pod is leaving."""
    drain: float
    """Seconds that requests in flight get after that."""
    faults_enabled: bool
    faults: Faults
    """The faults to start with."""


def settings_from_environment(environment: Mapping[str, str]) -> Settings:
    """Read the settings; SettingsError names the variable that is missing or wrong."""
    component = _parsed(environment, "COMPONENT", "", Component)
    needed = "BACKEND_URL" if component is Component.FRONTEND else "DATABASE_URL"
    if not environment.get(needed):
        raise SettingsError(f"{needed} is not set; a {component.value} needs it")
    secret = environment.get("SESSION_SECRET", "")
    return Settings(
        component=component,
        release=environment.get("RELEASE", "unreleased"),
        slot=environment.get("SLOT", ""),
        pod=environment.get("POD_NAME", environment.get("HOSTNAME", "")),
        host=environment.get("HOST", "127.0.0.1"),
        port=_parsed(environment, "PORT", "8080", int),
        database_url=environment.get("DATABASE_URL", ""),
        database_connections=_parsed(environment, "DATABASE_CONNECTIONS", "4", int),
        backend_url=environment.get("BACKEND_URL", "").rstrip("/"),
        session_secret=secret.encode() if secret else secrets.token_bytes(32),
        lame_duck=_parsed(environment, "LAME_DUCK_SECONDS", "1", float),
        drain=_parsed(environment, "DRAIN_SECONDS", "10", float),
        faults_enabled=environment.get("DEBUG_FAULTS", "") in ("1", "true"),
        faults=faults_from_environment(environment),
    )


def _parsed(environment: Mapping[str, str], name: str, default: str, parse: Callable[[str], Value]) -> Value:
    value = environment.get(name, default)
    try:
        return parse(value)
    except ValueError as error:
        raise SettingsError(f"{name}={value!r} does not parse: {error}") from error
