"""The locks of an mbox: fcntl and PATH.lock, as Postfix, Exim, Dovecot and mutt take them before they write."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bouncery.sources.files import display
from bouncery.sources.patience import AwayError, pause

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from bouncery.sources.inbox import InboxOptions

AGAIN = 0.05
NOT_ALLOWED = {errno.EACCES, errno.EPERM, errno.EROFS}
SUFFIX = ".lock"
OWN = b"bouncery on "
MARK_BYTES = 500
STALE_SECONDS = 300.0
"""The age from which liblockfile takes a lock without a living process for one that was left behind."""


@contextlib.contextmanager
def locked(path: str, options: InboxOptions) -> Iterator[BinaryIO]:
    """Open an mbox for reading with nobody writing to it. Raises AwayError if it stays locked for longer than the time-out.

    Where this user may not write into the directory there is no lock file; the fcntl lock holds all the same.
    """
    end = time.monotonic() + options.timeout
    with open(path, "rb") as stream:  # noqa: PTH123 - keeps bytes that are no text
        while True:
            with lock_file(path + SUFFIX) as free:
                if free and lock(stream):
                    yield stream
                    return
            if time.monotonic() >= end or options.stopped():
                raise AwayError(
                    f"{display(path)}: locked by another program; see which one, remove {display(path + SUFFIX)} "
                    "if there is none, and run again"
                )
            pause(AGAIN, options.stopped)


def lock(stream: BinaryIO) -> bool:
    """Take the fcntl lock, if nobody has it; it goes when the file is closed."""
    try:
        fcntl.lockf(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in {errno.EACCES, errno.EAGAIN}:
            raise
        return False
    return True


@contextlib.contextmanager
def lock_file(path: str) -> Iterator[bool]:
    """Make the lock file for a while; False if another program has it."""
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
    except FileExistsError:
        remove_stale(path)
        yield False
        return
    except OSError as error:
        if error.errno not in NOT_ALLOWED:
            raise
        yield True
        return
    try:
        # Others look at the number of the process only, as liblockfile writes it.
        os.write(descriptor, own_mark())
        os.close(descriptor)
        yield True
    finally:
        Path(path).unlink(missing_ok=True)


def own_mark() -> bytes:
    """Give what our lock files hold: the process, and the machine that it runs on."""
    return b"%d\n%s%s\n" % (os.getpid(), OWN, os.uname().nodename.encode())


def remove_stale(path: str) -> None:
    """Remove a lock file that a program left behind when it was killed."""
    try:
        status = os.stat(path)  # noqa: PTH116 - keeps bytes that are no text
        with open(path, "rb") as stream:  # noqa: PTH123 - as above
            content = stream.read(MARK_BYTES)
    except OSError:
        return
    if not is_stale(content, time.time() - status.st_mtime):
        return
    # Under another name it can be looked at again: meanwhile it may have become the lock of somebody who was as fast.
    aside = f"{path}.{os.getpid()}"
    with contextlib.suppress(OSError):
        os.rename(path, aside)  # noqa: PTH104 - as above
        if os.stat(aside).st_ino != status.st_ino:  # noqa: PTH116 - as above
            os.link(aside, path)
        os.unlink(aside)  # noqa: PTH108 - as above


def is_stale(content: bytes, age: float) -> bool:
    """Whether the program that made a lock file is gone: at once for one of ours, for others after a while."""
    number, _, rest = content.partition(b"\n")
    alive = number.strip().isdigit() and is_alive(int(number))
    ours = rest == own_mark().partition(b"\n")[2]
    if ours and not alive:
        return True
    return age > STALE_SECONDS and not alive


def is_alive(number: int) -> bool:
    """Whether a process is there."""
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
