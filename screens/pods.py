"""The Pods screen: the pods of both slots, those in trouble first, everything about the chosen one below."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from console.domain.logs import LogScope
from console.domain.pods import SlotPod, SlotPods, slot_pods
from console.domain.views.pod_detail import pod_detail
from console.domain.views.pods import Memo, pods_table
from console.domain.views.state import ConsoleState
from console.domain.views.table import Row, Table
from screens.listing import ListScreen
from screens.messages import Visit
from screens.paint.pods import paint_detail
from screens.widgets.boxes import entitle
from screens.widgets.scroll_panel import ScrollPanel
from screens.widgets.table_panel import TablePanel


class PodsScreen(ListScreen):
    """Thousands of pods cost what those in view do: rows are made lazily, and pods that are as before are not judged again."""

    CSS_PATH = "pods.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "details", "Details", id="pods.details"),
        Binding("l", "logs", "Logs", id="pods.logs"),
        Binding("L", "logs_of_all", "All its logs", id="pods.logs_of_all"),
    ]
    CRUMB: ClassVar[str] = "Pods"
    NOUN: ClassVar[str] = "pod"
    HEADING: ClassVar[str] = "Pods of both slots"
    OPENS: ClassVar[bool] = False

    def __init__(self, state: ConsoleState) -> None:
        super().__init__(state)
        self._pods = SlotPods()
        self._memo = Memo()
        self._detail = ScrollPanel(paint_detail, id="detail")
        self._box = Vertical(self._detail, id="detail-box")

    @property
    def pod(self) -> SlotPod | None:
        """The chosen pod."""
        row = self.chosen
        return next((each for each in self._pods.pods if each.name == row.key), None) if row else None

    def table(self) -> Table:
        world = self.state.snapshot.world if self.state.snapshot else None
        if world is not None and self.state.environment is not None:
            self._pods = slot_pods(self.state.environment, world, self._pods)
        return pods_table(self._pods, self.state, self._memo)

    def listed(self) -> str:
        environment = self.state.environment
        return self.HEADING if environment is None or len(environment.slots) == 2 else "Pods"

    def compose_more(self) -> ComposeResult:
        yield self._box

    def draw_chosen(self, row: Row | None) -> None:
        view = pod_detail(self.state, self.pod)
        entitle(self._box, view.title)
        self._detail.show(view)

    def action_details(self) -> None:
        """The chosen pod over the whole screen; esc gives the list back."""
        if self.chosen is not None:
            self.set_class(True, "-details")
            self._detail.focus()

    def action_logs(self) -> None:
        """The chosen pod's log."""
        pod = self.pod
        if pod is not None and self.may("logs"):
            self.post_message(Visit("logs", subject=LogScope(pod.slot, pod.component, pod.name)))

    def action_logs_of_all(self) -> None:
        """The logs of all pods of the chosen one's component and slot."""
        pod = self.pod
        if pod is not None and self.may("logs_of_all"):
            self.post_message(Visit("logs", subject=LogScope(pod.slot, pod.component)))

    def refusals(self) -> Mapping[str, str]:
        pod = self.pod
        if pod is None:
            return dict.fromkeys(("details", "logs", "logs_of_all"), "no pod is chosen")
        return {"logs": "there is no pod, so it has no log"} if pod.pod is None else {}

    def labels(self) -> Mapping[str, str]:
        pod = self.pod
        return {"logs_of_all": f"Logs of {pod.slot} {pod.component}"} if pod else {}

    def action_leave(self) -> None:
        if self.has_class("-details"):
            self.set_class(False, "-details")
            self._table.focus()
        else:
            super().action_leave()

    @on(TablePanel.Opened, "#table")
    def _opened(self) -> None:
        self.action_details()
