"""The small process that stays with one command of the team, whatever becomes of the runner that started it.

Run as a plain script, isolated and without site packages: `keeper.py FOLDER DEADLINE GRACE DIRECTORY ARGV...`, with the command's whole
environment as its own. In FOLDER it holds `lock` as long as it lives, writes `started`, then `output` (the beginning whole, of a flood the
end as well), `recent` (what was printed last) and at the end `exit`. SIGTERM, and the deadline, end the command with its whole group:
SIGTERM, GRACE seconds, SIGKILL. What the command leaves running in its group ends with it.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

HEAD = 8 << 20
"""Bytes of output that are kept from the beginning."""
TAIL = 1 << 20
"""Bytes that are kept of the end, where there are more."""
RECENT = 4096
TICK = 0.1


def main(arguments: list[str]) -> int:
    """Run the command to its end; 0 once its end is written down, 3 where it must not be started."""
    folder, deadline, grace, directory, *argv = arguments
    place = Path(folder)
    lock = os.open(place / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return 3
    if (place / "abandoned").exists() or (place / "started").exists():
        return 3
    told: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: told.append(number))
    for ignored in (signal.SIGHUP, signal.SIGINT, signal.SIGTSTP):
        signal.signal(ignored, signal.SIG_IGN)
    began = time.monotonic()
    try:
        command = _started(argv, directory)
    except OSError as problem:
        write(place / "exit", {"error": _why(problem, argv[0], directory), "seconds": 0.0})
        return 0
    write(place / "started", {"pid": command.pid, "ticks": start_ticks(command.pid)})
    late = _follow(command, place, told, end=began + float(deadline), grace=float(grace))
    ended = {"code": command.returncode, "late": late, "stopped": bool(told), "seconds": round(time.monotonic() - began, 3)}
    write(place / "exit", ended)
    return 0


def _started(argv: list[str], directory: str) -> subprocess.Popen[bytes]:
    """In a session of its own, without a terminal, with signals as a shell would give them."""
    return subprocess.Popen(
        argv, cwd=directory, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        preexec_fn=_defaults, bufsize=0,
    )  # fmt: skip


def _defaults() -> None:
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTSTP, signal.SIGTERM, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)


def _why(problem: OSError, program: str, directory: str) -> str:
    if not os.path.isdir(directory):
        return f"there is no folder {directory}"
    if problem.errno == errno.ENOENT:
        return f"{program} is not there, or not on PATH"
    return f"{program} cannot be run: {problem.strerror}"


def _follow(command: subprocess.Popen[bytes], place: Path, told: list[int], *, end: float, grace: float) -> bool:
    """Keep the output until the command has ended; true when it was late."""
    assert command.stdout is not None
    pipe = command.stdout.fileno()
    os.set_blocking(pipe, False)
    late, kill_at = False, 0.0
    with Output(place) as output:
        while command.poll() is None:
            if select.select([pipe], [], [], TICK)[0] and not output.take(pipe):
                time.sleep(TICK)  # it closed its output and goes on
            output.show()
            now = time.monotonic()
            late = late or now >= end
            if (late or told) and not kill_at:
                kill_at = now + grace
                send(command.pid, signal.SIGTERM)
                send(command.pid, signal.SIGCONT)
            if kill_at and now >= kill_at:
                send(command.pid, signal.SIGKILL)
        send(command.pid, signal.SIGKILL)  # what it left running in its group
        while output.take(pipe):
            continue
    return late


class Output:
    """The command's output on disk, bounded."""

    def __init__(self, place: Path) -> None:
        self._file = os.open(place / "output", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        self._recent = place / "recent"
        self._written = 0
        self._left_out = 0
        self._tail = b""
        self._last = b""
        self._changed = False
        self._shown = 0.0

    def __enter__(self) -> Output:
        return self

    def __exit__(self, *_: object) -> None:
        if self._tail:
            if self._left_out:
                os.write(self._file, b"\n[... %d bytes left out ...]\n" % self._left_out)
            os.write(self._file, self._tail)
        self._shown = 0.0
        self.show()
        os.fsync(self._file)
        os.close(self._file)

    def take(self, pipe: int) -> bool:
        """Read what is there; false at its end, or where nothing is there."""
        try:
            data = os.read(pipe, 1 << 16)
        except BlockingIOError:
            return False
        self._changed = self._changed or bool(data)
        self._last = (self._last + data)[-RECENT:]
        room = HEAD - self._written
        if room > 0:
            with contextlib.suppress(OSError):  # a full disk must not stop the command in its middle
                os.write(self._file, data[:room])
            self._written += len(data[:room])
        rest = data[max(0, room) :]
        if rest:
            kept = (self._tail + rest)[-TAIL:]
            self._left_out += len(self._tail) + len(rest) - len(kept)
            self._tail = kept
        return bool(data)

    def show(self) -> None:
        """What was printed last, for whoever looks; at most a few times a second."""
        if not self._changed or time.monotonic() - self._shown < 0.25:
            return
        self._shown, self._changed = time.monotonic(), False
        part = self._recent.with_suffix(".partial")
        with contextlib.suppress(OSError):
            part.write_bytes(self._last)
            part.replace(self._recent)


def send(group: int, number: int) -> None:
    """Signal the command's whole group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def start_ticks(pid: int) -> str:
    """When a process began, in the kernel's own count: a number that was given away again has another. Empty where it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def write(file: Path, value: object) -> None:
    """Whole or not at all, and on disk."""
    part = file.with_suffix(".partial")
    with open(part, "w", encoding="utf-8") as out:
        json.dump(value, out)
        out.flush()
        os.fsync(out.fileno())
    part.replace(file)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
