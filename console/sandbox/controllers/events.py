"""Events as controllers record them: the same event again counts up."""

from __future__ import annotations

import secrets
from typing import Final

from console.sandbox.apiserver.errors import ApiError
from console.sandbox.apiserver.registry import Registry
from console.sandbox.apiserver.resources import EVENTS, Key, Object
from console.sandbox.apiserver.store import Stored
from console.sandbox.apiserver.writes import Write

MANAGER: Final = Write(manager="kube-controller-manager")
MOST_REMEMBERED: Final = 4096

_Cause = tuple[str, str, str, str]


class Recorder:
    """Records events on behalf of one component."""

    def __init__(self, registry: Registry, component: str) -> None:
        self._registry = registry
        self._component = component
        self._known: dict[_Cause, Key] = {}

    def normal(self, about: Stored, reason: str, message: str) -> None:
        """Something went as it should."""
        self._record(about, "Normal", reason, message)

    def warning(self, about: Stored, reason: str, message: str) -> None:
        """Something did not."""
        self._record(about, "Warning", reason, message)

    def _record(self, about: Stored, kind: str, reason: str, message: str) -> None:
        cause = (about.uid, kind, reason, message)
        known = self._known.get(cause)
        try:
            if known is None or not self._count_up(known):
                self._known[cause] = self._create(about, kind, reason, message)
        except ApiError:
            return
        if len(self._known) > MOST_REMEMBERED:
            del self._known[next(iter(self._known))]

    def _count_up(self, key: Key) -> bool:
        if self._registry.store.of(EVENTS).get(key) is None:
            return False
        now = self._registry.timestamp()

        def again(event: Object) -> Object:
            return event | {"count": event.get("count", 1) + 1, "lastTimestamp": now}

        self._registry.update(EVENTS, key, again, MANAGER)
        return True

    def _create(self, about: Stored, kind: str, reason: str, message: str) -> Key:
        namespace, name = about.key[0] or "default", f"{about.key[1]}.{secrets.token_hex(8)}"
        now = self._registry.timestamp()
        event: Object = {
            "metadata": {"name": name},
            "involvedObject": {
                "kind": about.resource.kind,
                "namespace": about.key[0],
                "name": about.key[1],
                "uid": about.uid,
                "apiVersion": about.resource.api_version,
                "resourceVersion": str(about.revision),
            },
            "reason": reason,
            "message": message,
            "source": {"component": self._component},
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
            "type": kind,
            "reportingComponent": self._component,
        }
        self._registry.create(EVENTS, namespace, event, MANAGER)
        return namespace, name
