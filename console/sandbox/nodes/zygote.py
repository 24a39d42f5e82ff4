"""The preloaded parent of all containers: imports the example application once, then forks a process per container in milliseconds.

Run as `python -m console.sandbox.nodes.zygote SOCKET`, it takes orders as JSON lines on that unix socket; with each order to start comes a
descriptor for the container's output. It reaps what it started and reports every end. When the node is gone (end of file) or it is itself
killed, every container is killed.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import select
import signal
import socket
import sys
from collections import deque
from typing import NoReturn, TypedDict, cast

from console.sandbox.application import server
from console.sandbox.nodes import pod_names

PR_SET_PDEATHSIG = 1
ORDER_LIMIT = 65536
SPAWN_FAILED = 127


class Order(TypedDict):
    """What the node asks for: a start, or (with `signal`) a signal to a container's process group."""

    id: int
    signal: int | None
    argv: list[str] | None
    """None runs the example application."""
    environment: dict[str, str]
    folder: str
    names: str
    """File in which Services' names are looked up."""
    namespace: str
    """The pod's own, where a Service's name stands alone."""


class Zygote:
    """The loop that starts, signals and reaps."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._containers: dict[int, int] = {}
        """Process id to the node's id for it; a process id stands here only until it is reaped."""
        self._outputs: deque[int] = deque()
        self._orders = b""
        self._wakeup, self._ring = os.pipe()

    def run(self) -> None:
        """Serve until the node closes the link; then kill everything."""
        for end in (self._wakeup, self._ring):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._ring)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the node decides when containers end
        try:
            while self._serve_once():
                pass
        finally:
            for pid in self._containers:
                _signal_group(pid, signal.SIGKILL)
            for pid in self._containers:
                os.waitpid(pid, 0)

    def _serve_once(self) -> bool:
        link = self._link.fileno()
        ready, _, _ = select.select([link, self._wakeup], [], [])
        if self._wakeup in ready:
            os.read(self._wakeup, 4096)
            self._reap()
        return link not in ready or self._take_orders()

    def _take_orders(self) -> bool:
        data, outputs, _, _ = socket.recv_fds(self._link, ORDER_LIMIT, 16)
        self._outputs.extend(outputs)
        *lines, self._orders = (self._orders + data).split(b"\n")
        for line in lines:
            self._obey(cast(Order, json.loads(line)))
        return bool(data)

    def _obey(self, order: Order) -> None:
        number = order.get("signal")
        if number is None:
            self._spawn(order, self._outputs.popleft())
            return
        for pid, known in self._containers.items():
            if known == order["id"]:
                _signal_group(pid, number)

    def _spawn(self, order: Order, output: int) -> None:
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            _become(order, output=output, inherited=(self._link.fileno(), self._wakeup, self._ring, *self._outputs), parent=parent)
        os.close(output)
        self._containers[pid] = order["id"]
        self._report({"id": order["id"], "pid": pid})

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                _signal_group(pid, signal.SIGKILL)  # what the container's first process left behind ends with it
                self._report({"id": self._containers.pop(pid), "exit": os.waitstatus_to_exitcode(status)})

    def _report(self, what: dict[str, int]) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._link.sendall(json.dumps(what).encode() + b"\n")


def _become(order: Order, *, output: int, inherited: tuple[int, ...], parent: int) -> NoReturn:
    """Turn this freshly forked process into the container's; it never returns into the zygote's code."""
    code = SPAWN_FAILED
    try:
        os.setsid()
        _reset_signals()
        _die_with(parent)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, standard in ((nothing, 0), (output, 1), (output, 2)):
            os.dup2(source, standard)
        for descriptor in (nothing, output, *inherited):
            os.close(descriptor)
        os.chdir(order["folder"])
        os.environ.clear()
        os.environ.update(order["environment"])
        sys.stdout = os.fdopen(1, "w", buffering=1, closefd=False)
        sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
        code = _run(order)
    except Exception as error:  # whatever it is, it ends here and not in the zygote's loop
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
        os._exit(code)


def _run(order: Order) -> int:
    argv = order["argv"]
    if argv is not None:
        os.execvpe(argv[0], argv, order["environment"])
    pod_names.install(order["names"], namespace=order["namespace"])
    return server.main(os.environ)


def _reset_signals() -> None:
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)


def _die_with(parent: int) -> None:
    """Ask Linux to kill this process when the zygote dies; elsewhere an orderly end of the zygote is all there is."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


def _signal_group(pid: int, number: int) -> None:
    """Signal a container's process group, or the process alone in the moment before it has made its own."""
    for send in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            send(pid, number)
            return


def main(path: str) -> None:
    """Connect to the node and serve it."""
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    link.connect(path)
    gc.collect()
    gc.freeze()  # forked processes then leave the shared pages alone
    link.sendall(b'{"ready": 1}\n')
    Zygote(link).run()


if __name__ == "__main__":
    main(sys.argv[1])
