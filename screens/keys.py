"""Keys at the foot and in the help, read from the live bindings: one registry, nothing written twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from textual.binding import ActiveBinding, Binding
from textual.screen import Screen

from screens.paint.chrome import Hint

_NAMES = {"escape": "esc", "enter": "enter", "question_mark": "?", "colon": ":", "slash": "/", "f8": "F8"}


def key_name(key: str) -> str:
    """`ctrl+p` → `^p`."""
    return _NAMES.get(key) or key.replace("ctrl+", "^")


def hints_of(screen: Screen[Any], *, labels: Mapping[str, str], refusals: Mapping[str, str]) -> tuple[Hint, ...]:
    """Shown bindings of the screen, its own first, then those of the App; each action once."""
    own: list[Hint] = []
    everywhere: list[Hint] = []
    for active in _once(screen.active_bindings.values()):
        binding = active.binding
        if not binding.show or not binding.description:
            continue
        hint = _hint(active, labels, refusals)
        (everywhere if active.node is screen.app else own).append(hint)
    return (*own, *everywhere)


def all_hints_of(screen: Screen[Any], *, labels: Mapping[str, str], refusals: Mapping[str, str]) -> tuple[Hint, ...]:
    """Every live binding of ours (they have ids), those that are not shown at the foot included; the screen's own first."""
    found = sorted(
        (a for a in _once(screen.active_bindings.values()) if a.binding.id), key=lambda a: (a.node is screen.app, not a.binding.show)
    )
    return tuple(_hint(active, labels, refusals, every_key=_keys_of(active, screen)) for active in found)


def _once(bindings: Iterable[ActiveBinding]) -> Iterable[ActiveBinding]:
    seen: set[str] = set()
    for active in bindings:
        if active.binding.action not in seen:
            seen.add(active.binding.action)
            yield active


def _hint(active: ActiveBinding, labels: Mapping[str, str], refusals: Mapping[str, str], *, every_key: str = "") -> Hint:
    binding = active.binding
    label = labels.get(binding.action, binding.description)
    return Hint(every_key or _keys(binding), label, _click(active), refusals.get(binding.action, ""))


def _keys(binding: Binding) -> str:
    return binding.key_display or key_name(binding.key)


def _keys_of(active: ActiveBinding, screen: Screen[Any]) -> str:
    """All keys of an action: `^r F8`."""
    keys = [key for key, other in screen.active_bindings.items() if other.binding.action == active.binding.action]
    return " ".join(dict.fromkeys(key_name(key) for key in keys))


def _click(active: ActiveBinding) -> str:
    prefix = "app." if active.node is active.node.app else "screen."
    return active.binding.action if "." in active.binding.action else prefix + active.binding.action
