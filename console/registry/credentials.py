"""Registry logins as container tools keep them: `auths` of a Docker configuration file. Credential helpers are not run."""

from __future__ import annotations

import json
from pathlib import Path


def credentials_for(host: str, config: Path) -> str:
    """The base64 `user:password` for a registry host; empty when none is kept or the file cannot be read."""
    try:
        auths = json.loads(config.read_text()).get("auths", {})
    except (OSError, ValueError, AttributeError):
        return ""
    for name in (host, f"https://{host}", f"https://{host}/v1/", f"https://{host}/v2/"):
        entry = auths.get(name)
        if isinstance(entry, dict) and isinstance(entry.get("auth"), str):
            return str(entry["auth"])
    return ""
