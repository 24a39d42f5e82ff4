"""The small process that stands between an owner and one child, so that the child never outlives the owner.

Run as a plain script by `supervise.start`, isolated and without site packages. It holds the only handle on the child: it alone signals and
reaps it, so a process id is never used after it was given away. The owner speaks to it by lines on standard input (a signal's number);
end of file there, or a changed parent, means that the owner is gone: the child gets SIGTERM, the grace, then SIGKILL with its whole group.
On Linux the child also dies at once when the guard itself is killed.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
import time
from typing import NoReturn

PR_SET_PDEATHSIG = 1
OWNER_CHECK_SECONDS = 1.0
"""How often the parent is looked at: only needed when a fork of the owner keeps the pipe open after the owner died."""


def main(arguments: list[str]) -> int:
    """Start the child described by `owner grace log uid gid argv...`, stay until it has ended, and give its exit code (128 + signal)."""
    owner, grace, log, uid, gid, *argv = arguments
    wakeup, ring = os.pipe()
    for end in (wakeup, ring):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(ring)
    stop_requests: list[int] = []
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda number, _: stop_requests.append(number))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    until_exec, held_by_child = os.pipe()
    child = os.fork()
    if child == 0:
        become(argv, log=log, account=(int(uid), int(gid)))
    os.close(held_by_child)
    os.read(until_exec, 1)  # end of file: from here on a signal reaches the command itself, not the code before it
    os.write(1, b"%d\n" % child)
    return follow(child, owner=int(owner), grace=float(grace), wakeup=wakeup, stop_requests=stop_requests)


def become(argv: list[str], *, log: str, account: tuple[int, int]) -> NoReturn:
    """Turn this freshly forked process into the command: own session, output into the log, nothing inherited but that."""
    guard = os.getppid()
    os.setsid()
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    try:
        drop_rights(*account)
        die_with_parent(guard)
        for ignored in (signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(ignored, signal.SIG_DFL)
        os.execvp(argv[0], argv)
    except OSError as error:
        os.write(2, f"cannot run {argv[0]}: {error.strerror}\n".encode())
    os._exit(127)


def drop_rights(uid: int, gid: int) -> None:
    """Become the given account where one was asked for (-1: stay); before `die_with_parent`, because a change of user clears it."""
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)


def die_with_parent(guard: int) -> None:
    """Ask Linux to kill this process when the guard dies; elsewhere the guard's own care is all there is."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != guard:
        os._exit(1)


def follow(child: int, *, owner: int, grace: float, wakeup: int, stop_requests: list[int]) -> int:
    """Pass the owner's signals on until the child has ended, or end it when the owner is gone."""
    deadline: float | None = None
    while (code := reap(child)) is None:
        ready, _, _ = select.select([wakeup] if deadline else [0, wakeup], [], [], OWNER_CHECK_SECONDS if deadline is None else 0.05)
        if wakeup in ready:
            os.read(wakeup, 512)
        orphaned = os.getppid() != owner or bool(stop_requests)
        if 0 in ready:
            orphaned = not pass_on(child) or orphaned
        if orphaned and deadline is None:
            deadline = time.monotonic() + grace
            send(child, signal.SIGTERM)
            send(child, signal.SIGCONT)
        if deadline is not None and time.monotonic() >= deadline:
            send(child, signal.SIGKILL)
    send(child, signal.SIGKILL)
    return code


def pass_on(child: int) -> bool:
    """Send the signals that wait on standard input; false at end of file."""
    lines = os.read(0, 512)
    for line in lines.split():
        send(child, int(line))
    return bool(lines)


def reap(child: int) -> int | None:
    """The child's exit code as a shell gives it, or nothing while it runs."""
    pid, status = os.waitpid(child, os.WNOHANG)
    if pid == 0:
        return None
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def send(child: int, number: int) -> None:
    """Kill, freeze and thaw the whole group; any other signal is the child's alone, which knows in what order to end its own children."""
    deliver = os.killpg if number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGCONT) else os.kill
    try:
        deliver(child, number)
    except (ProcessLookupError, PermissionError):
        return


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
