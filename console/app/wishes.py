"""What becomes of a wish: a screen to go to, a plan to make, or a question to ask. Nothing is changed here."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from console.app.asking import Asking, Host
from console.app.items import Items
from console.app.navigation import Navigation
from console.app.planning import Planning
from console.app.records import Records
from screens import messages
from screens.places import place


class Wishes:
    """One place that knows every wish."""

    def __init__(self, host: Host, asking: Asking, planning: Planning, navigation: Navigation) -> None:
        self._host = host
        self._asking = asking
        self._planning = planning
        self._navigation = navigation
        self._records = Records(host)
        self._items = Items(host, asking)

    def fulfil(self, wish: messages.Wish) -> None:
        match wish:
            case messages.Visit():
                self._visit(wish)
            case messages.CommandsAsked():
                self._host.work("commands", partial(self._asking.show_commands, self._navigation.to_commands))
            case messages.OlderRunsAsked():
                self._records.older()
            case messages.Wanted():
                self._host.attend()
            case messages.Said(text, severity):
                self._host.say(text, error=severity == "error")
            case messages.RunWish():
                self._of_a_run(wish)
            case messages.PlanWish():
                self._of_a_plan(wish)
            case messages.ErrandWish():
                self._errand(wish)
            case _:
                raise AssertionError(f"no such wish: {wish!r}")

    def _of_a_run(self, wish: messages.RunWish) -> None:
        """About a run that is on or has ended."""
        match wish:
            case messages.AnswerAsked(run):
                self._items.answer(run)
            case messages.StopAsked(run):
                self._asking.stop(run)
            case messages.SkipWaitAsked(run):
                self._asking.skip_wait(run)
            case messages.TakeOverAsked(run):
                self._asking.take_over(run)
            case messages.NoteAsked(run, step):
                self._navigation.to_note(lambda text: self._asking.note(run, text, step) if text else None)
            case messages.SkipAsked() | messages.SuspendAsked() | messages.ResumeAsked() | messages.EvidenceAsked():
                self._items.fulfil(wish)
            case messages.ReportAsked(run):
                self._records.report(run)
            case _:
                raise AssertionError(f"no such wish: {wish!r}")

    def _of_a_plan(self, wish: messages.PlanWish) -> None:
        """About what is to be started."""
        match wish:
            case messages.RollbackAsked(title, runbook, inputs):
                self._planning.plan(title, runbook, inputs)
                self._planning.start()
            case messages.StartAsked():
                self._planning.start()
            case messages.OverrideAsked():
                self._planning.override()
            case messages.DiffAsked():
                self._planning.diff()
            case _:
                raise AssertionError(f"no such wish: {wish!r}")

    def _errand(self, wish: messages.ErrandWish) -> None:
        """On this machine only."""
        match wish:
            case messages.CopyAsked(text):
                self._host.copy(text)
            case messages.KeepAsked(name, text):
                self._host.work("keep", partial(self._asking.write_file, name, text))
            case messages.SandboxAsked():
                self._host.start_sandbox()
            case messages.SettingsAsked():
                self._host.work("settings", self._host.write_settings)
            case _:
                raise AssertionError(f"no such wish: {wish!r}")

    def plan(self, runbook: str) -> None:
        """Ask for the runbook's inputs, then show its plan."""
        self._navigation.to_form(runbook, lambda inputs: self._planned(runbook, inputs))

    def _visit(self, visit: messages.Visit) -> None:
        if visit.screen == "run":
            if visit.run is not None:
                self._host.show_run(visit.run)
        elif found := place(visit.screen):
            self._navigation.to_place(found, visit.subject)
        else:
            self.plan(visit.screen)

    def _planned(self, runbook: str, inputs: Mapping[str, str] | None) -> None:
        if inputs is not None:
            self._planning.plan(" ".join((runbook, *inputs.values())), runbook, inputs)
            self._navigation.to_plan()
