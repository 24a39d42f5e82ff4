"""Who drives a run on this host: a file lock that the kernel drops with its holder, however that ended."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType

from console.domain.errors import Refused
from console.journal.errors import JournalUnavailable


class RunLock:
    """Held by the runner of one run. Context manager; raises Refused when another process holds it."""

    def __init__(self, folder: Path, uid: str) -> None:
        self.path = folder / f"{uid}.lock"
        self._file: int | None = None

    def take(self) -> None:
        while self._file is None:
            file = self._open()
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.pread(file, 32, 0).decode(errors="replace").strip()
                os.close(file)
                raise Refused(
                    f"another runner (process {holder or 'unknown'}) drives this run on this host", hint="`bluegreen attach` follows it"
                ) from None
            if _is_at(file, self.path):
                self._file = file
            else:  # its last holder removed it between our open and our lock
                os.close(file)
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, str(os.getpid()).encode(), 0)

    def drop(self) -> None:
        if self._file is not None:
            self.path.unlink(missing_ok=True)
            os.close(self._file)
            self._file = None

    def _open(self) -> int:
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            return os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as problem:
            raise JournalUnavailable(f"the lock {self.path} cannot be made: {problem.strerror}") from problem

    def __enter__(self) -> RunLock:
        self.take()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.drop()


def _is_at(file: int, path: Path) -> bool:
    try:
        return os.fstat(file).st_ino == path.stat().st_ino
    except FileNotFoundError:
        return False


def held(folder: Path, uid: str) -> bool:
    """Does a live process on this host drive the run?"""
    path = folder / f"{uid}.lock"
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False
