"""Objects made fit for comparing: without what the server keeps for itself, and without secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

NOISE = ("managedFields", "resourceVersion", "uid", "generation", "creationTimestamp", "selfLink")
"""Metadata that says nothing of what was meant."""
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
REVISION = "deployment.kubernetes.io/revision"

_SECRET = re.compile(r"pass(word|wd|phrase)?$|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential|dsn$", re.IGNORECASE)


class Hidden:
    """Gives every secret value a number, so that a change shows and the value does not."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def of(self, value: object) -> str:
        return f"[hidden {self._numbers.setdefault(str(value), len(self._numbers) + 1)}]"


def comparable(found: Mapping[str, Any] | None, hidden: Hidden) -> dict[str, Any] | None:
    """The object as it was meant, with secrets hidden; None stays None."""
    if found is None:
        return None
    meant = {key: value for key, value in found.items() if key != "status"}
    meant["metadata"] = _metadata(meant.get("metadata") or {})
    if meant.get("kind") == "Secret":
        for part in ("data", "stringData"):
            if part in meant:
                meant[part] = {key: hidden.of(value) for key, value in (meant[part] or {}).items()}
    shown = _without_secrets(meant, hidden)
    assert isinstance(shown, dict)
    return shown


def _metadata(metadata: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in metadata.items() if key not in NOISE}
    notes = {k: v for k, v in (kept.pop("annotations", None) or {}).items() if k not in (LAST_APPLIED, REVISION)}
    return {**kept, "annotations": notes} if notes else kept


def _without_secrets(value: Any, hidden: Hidden) -> Any:
    """Values under a name that tells of a secret, and those of environment variables with such a name."""
    if isinstance(value, list):
        return [_without_secrets(item, hidden) for item in value]
    if not isinstance(value, Mapping):
        return value
    named = isinstance(value.get("name"), str) and "value" in value and _SECRET.search(value["name"])
    return {
        key: hidden.of(item) if _is_secret(key, item) or (named and key == "value") else _without_secrets(item, hidden)
        for key, item in value.items()
    }


def _is_secret(key: str, value: object) -> bool:
    """References to a Secret are names, no secrets."""
    return isinstance(value, str | int) and bool(_SECRET.search(key)) and key not in ("secretName", "automountServiceAccountToken")
