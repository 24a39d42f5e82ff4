"""The screen of a console without settings: what it looked for, the sandbox, and a first file to write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from console.domain.views.first_use import FirstUse, first_use_lines
from console.domain.views.lines import Line
from screens.base import ConsoleScreen
from screens.messages import SandboxAsked, SettingsAsked
from screens.widgets.scroll_panel import ScrollPanel


class Welcome(ConsoleScreen):
    """Leaves by itself as soon as there are settings."""

    CSS_PATH = "welcome.tcss"
    AUTO_FOCUS = "#welcome"
    CRUMB: ClassVar[str] = "Welcome"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "sandbox", "Start the sandbox", id="welcome.sandbox"),
        Binding("w", "write", "Write the example", id="welcome.write"),
    ]

    def compose_body(self) -> ComposeResult:
        self._page = ScrollPanel(_paint, id="welcome")
        yield self._page

    def draw(self) -> None:
        if self.state.first_use is not None:
            self._page.show(self.state.first_use)

    def copy_text(self) -> str:
        return self.state.first_use.example if self.state.first_use else ""

    def refusals(self) -> Mapping[str, str]:
        return {} if self.state.first_use and self.state.first_use.contexts else {"write": "there is no kubeconfig to write it for"}

    def action_sandbox(self) -> None:
        self.post_message(SandboxAsked())

    def action_write(self) -> None:
        if self.may("write"):
            self.post_message(SettingsAsked())


def _paint(view: FirstUse, width: int, height: int) -> tuple[Line, ...]:
    return first_use_lines(view, width)
