"""What a console without settings says: where it looked, what it found, and what to write."""

from __future__ import annotations

from dataclasses import dataclass

from console.domain.views.lines import Line, Span, chopped, span, wrapped


@dataclass(frozen=True)
class FirstUse:
    """No settings were found."""

    looked_at: tuple[str, ...]
    """Folders, in the order in which they were looked at."""
    kubeconfig: str
    """The file that kubectl would use, or why there is none."""
    contexts: tuple[str, ...]
    """Its contexts, the current one first; empty where there is no kubeconfig."""
    target: str
    """The file to write."""
    example: str
    """What to write into it, with the current context filled in."""


def first_use_lines(view: FirstUse, width: int) -> tuple[Line, ...]:
    """The page, top to bottom."""
    lines: list[Line] = [(span("No settings were found, so there is nothing to operate yet.", "strong"),), ()]
    lines += [(Span("  looked at   ", "dim"), span(place)) for place in view.looked_at]
    lines.append((Span("  kubeconfig  ", "dim"), span(view.kubeconfig)))
    if view.contexts:
        current, *others = view.contexts
        more = f", and {len(others)} more" if others else ""
        lines.append((Span("  context     ", "dim"), span(f"{current} (current){more}")))
    lines.append(())
    lines += wrapped(
        "s starts the sandbox: a rehearsal cluster on this machine, with an application to deploy and break. It needs no cluster.", width
    )
    lines.append(())
    if view.contexts:
        lines += wrapped(
            f"w writes this example for your cluster to {view.target}. Then put your own names in: the console connects by itself.", width
        )
    else:
        lines += wrapped(f"With a kubeconfig, w writes this example to {view.target}.", width)
    return (*lines, (), *chopped(view.example, width, tone="dim"))
