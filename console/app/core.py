"""What the App is made of behind its first frame: the state, the link to the desk, the screens and the questions.

Its imports take as long as Textual's, so they come after the first frame. Every Textual call goes through the App that it is given.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from functools import partial
from pathlib import Path
from typing import Any

from textual.app import App
from textual.screen import Screen
from textual.worker import Worker

from console.app.asking import Asking
from console.app.attending import Attending
from console.app.desk import Desk, WatchFactory
from console.app.doorbell import Doorbell
from console.app.errands import Errands
from console.app.jumping import destinations, go
from console.app.link import Change, Job, Link, sentence
from console.app.looks import Looks
from console.app.navigation import Navigation
from console.app.planning import Planning
from console.app.throttle import Throttle
from console.app.wishes import Wishes
from console.domain.environment import Environment
from console.domain.ids import RunId
from console.domain.views.state import ConsoleState, Notice
from screens.base import ConsoleScreen, Dialog
from screens.messages import Wish
from screens.overview import Overview

SANDBOX_ASKED = -1
"""What the App returns when the person wants the rehearsal instead."""
FLUSH_EVERY = 0.1
"""Seconds between two paints, at least."""
TICK = 1.0
"""Seconds after which ages and durations are looked at again; what looks as before is not sent."""


class Core:
    """Holds the state, flushes it to the screens, hands wishes on. It decides nothing itself."""

    def __init__(
        self,
        app: App[int],
        factory: WatchFactory,
        *,
        connecting: str,
        environment: Environment | None,
        zone: tzinfo | None,
        now: Callable[[], datetime],
        preferences: Path | None = None,
    ) -> None:
        self.app = app
        self.now = now
        self.state = ConsoleState(now=now(), zone=zone or now().tzinfo or UTC, connecting=connecting, environment=environment)
        self.navigation = Navigation(app, self)
        self._link = Link(self, factory)
        self._looks = Looks(self)
        self._asking = Asking(self)
        self._wishes = Wishes(self, self._asking, Planning(self, self._asking), self.navigation)
        self._attending = Attending(self, self._link.followed)
        self._throttle = Throttle(self._show, interval=FLUSH_EVERY, clock=time.monotonic, after=app.set_timer)
        self._errands = Errands(app, folder=preferences)
        self._doorbell = Doorbell(self._errands.call)

    def open(self) -> None:
        """Show the Overview and start to connect."""
        self.app.push_screen(Overview(self.state))
        self.app.set_interval(TICK, self._throttle.changed)
        self.work("preferences", partial(self._errands.prefer, partial(self.say, error=True)))
        self.work("link", self._link.run)

    async def close(self) -> None:
        self._errands.close()
        await self._link.close()

    @property
    def desk(self) -> Desk | None:
        return self._link.desk

    def update(self, change: Change) -> None:
        """Replace the state; the screens hear of it at most ten times a second."""
        before, self.state = self.state, change(self.state)
        if self.state is not before:
            self._throttle.changed()

    def bring(self, change: Change, wanted: type) -> None:
        """Replace the state by what only screens show that want this kind of thing; those are told at once."""
        self.state = change(replace(self.state, now=self.now()))
        for screen in self.app.screen_stack:
            if isinstance(screen, ConsoleScreen) and any(isinstance(want, wanted) for want in screen.wants):
                self._show_on(screen)

    def attend(self) -> None:
        """Follow what the screens want, and nothing else."""
        self._attending.attend(self.navigation.wants())

    def end_work(self, name: str) -> None:
        """Cancel the jobs of this name."""
        self.app.workers.cancel_group(self.app, name)

    def say(self, text: str, *, error: bool = False) -> None:
        """Put a line where the person looks."""
        self.update(lambda s: replace(s, notice=Notice(text, "error" if error else "info", self.now())))

    def work(self, name: str, job: Job) -> None:
        """Run a job beside the screens. What it does not handle becomes a line, never the end."""
        _: Worker[None] = self.app.run_worker(job, name=name, group=name, exit_on_error=False)

    def fulfil(self, wish: Wish) -> None:
        self._wishes.fulfil(wish)

    def plan_runbook(self, name: str) -> None:
        """Ask for the runbook's inputs, then show its plan."""
        self._wishes.plan(name)

    def open_dialog(self, screen: Screen[Any], taken: Callable[[Any], None]) -> None:
        """Never more than one deep: a dialog that is open gives way."""
        self.navigation.close_dialog()
        self.app.push_screen(screen, taken)

    def shows_plan(self) -> bool:
        return self.navigation.shows_plan()

    def go_home(self) -> None:
        self.navigation.home()

    def show_run(self, run: RunId) -> None:
        """Go to the run and follow it entry by entry."""
        self.navigation.to_run(run)
        self.app.workers.cancel_group(self.app, "follow")
        self.work("follow", partial(self._link.follow_run, run))

    def jump(self) -> None:
        """Ask where to go, and go there."""
        self.navigation.to_jump(destinations(self.state), lambda word: go(word, self, self.navigation) if word else None)

    def copy(self, text: str) -> None:
        self.work("copy", partial(self._errands.copy, text, self.say))

    def start_sandbox(self) -> None:
        """Leave; the caller of the console starts the rehearsal."""
        self.app.exit(SANDBOX_ASKED)

    async def write_settings(self) -> None:
        """Write the example of first settings; the console connects with it by itself."""
        needed = self._link.first_use
        if needed is None:
            return
        try:
            path = await asyncio.to_thread(needed.write)
        except FileExistsError:
            self.say(f"{needed.view.target} is there already and was left as it is", error=True)
        except OSError as problem:
            self.say(f"{needed.view.target} cannot be written: {problem.strerror}", error=True)
        else:
            self.say(f"written: {path}. Put your own names in; `bluegreen config check` says what is missing")

    def leave(self) -> None:
        """Leave at once, or say first that the run goes on."""
        record = self.state.open_run
        if record is not None and self.state.connected:
            self._asking.leave(record, lambda: self.app.exit(0))
        else:
            self.app.exit(0)

    def failed(self, name: str, error: BaseException) -> None:
        """A worker ended with what no border caught."""
        self.say(f"{name}: {sentence(error)}", error=True)

    def _show(self) -> None:
        self.state = replace(self.state, now=self.now())
        for screen in self.app.screen_stack:
            if isinstance(screen, ConsoleScreen | Dialog):
                self._show_on(screen)
        self.navigation.show_welcome(needed=self.state.first_use is not None)
        self._errands.show(self.state)
        self._doorbell.hear(self.state.runs or ())
        self._link.complete(self.navigation.runs_in_view(), self.work)
        self._looks.look(self._link.desk, self.navigation.shows_connections(), self.work)
        self.attend()

    def _show_on(self, screen: ConsoleScreen | Dialog[Any]) -> None:
        """What one screen cannot draw is said, and takes nothing else down."""
        try:
            screen.show_state(self.state)
        except Exception as error:
            text = f"{type(screen).__name__} cannot show this: {sentence(error)}"
            if self.state.notice is None or self.state.notice.text != text:
                self.say(text, error=True)
