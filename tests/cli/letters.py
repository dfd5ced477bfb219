"""Bounces for the tests of the commands, and how to run a command."""

from __future__ import annotations

import contextlib
import os
import pty
import subprocess
import sys
from typing import Any

from click.testing import CliRunner, Result

from bouncery.cli import main

UNKNOWN = "550 5.1.1 <{}>: Recipient address rejected: User unknown"
GIBBERISH = "550 quux frobnicated 77 for {}"
FROM = b"From MAILER-DAEMON Mon Nov 23 10:00:00 2026\n"
PROGRAM = (sys.executable, "-c", "from bouncery.cli import main; main()")


def bounce(address: str = "u@example.com", reply: str = UNKNOWN, action: str = "failed") -> bytes:
    """Give a delivery status notification for one recipient."""
    status = "5.1.1" if "5.1.1" in reply else "5.0.0"
    return f"""\
From: MAILER-DAEMON@mx.example.org (Mail Delivery System)
To: list-bounces@example.net
Subject: Undelivered Mail Returned to Sender
Date: Mon, 23 Nov 2026 10:00:00 +0000
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

--b1
Content-Type: text/plain; charset=us-ascii

Your message could not be delivered.

--b1
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; {address}
Action: {action}
Status: {status}
Remote-MTA: dns; mx.example.com
Diagnostic-Code: smtp; {reply.format(address)}

--b1
Content-Type: message/rfc822

From: list@example.net
To: {address}
Subject: hello
Message-ID: <1@example.net>

text
--b1--
""".encode()


def mailbox(count: int) -> bytes:
    """Give an mbox with bounces of u0@example.com, u1@example.com and so on."""
    return b"".join(FROM + bounce(f"u{number}@example.com") + b"\n" for number in range(count))


def run(*args: object, **extra: Any) -> Result:  # noqa: ANN401 - handed to click
    """Run a command in this process."""
    return CliRunner().invoke(main, [str(arg) for arg in args], **extra)


def program(*args: object, **extra: Any) -> subprocess.CompletedProcess[bytes]:  # noqa: ANN401 - handed to subprocess
    """Run a command as a program."""
    return subprocess.run((*PROGRAM, *map(str, args)), capture_output=True, check=False, timeout=120, **extra)


def on_terminal(record: str, name: str, *args: str) -> str:
    """Give what a command on a record shows on a terminal of 120 columns."""
    master, slave = pty.openpty()
    program = f"from bouncery.cli.{name} import command; command()"
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120", "BOUNCERY_DB": record}
    subprocess.run((sys.executable, "-c", program, *args), stdin=slave, stdout=slave, env=environment, check=True, timeout=60)
    os.close(slave)
    shown = b""
    with contextlib.suppress(OSError):
        while data := os.read(master, 65536):
            shown += data
    os.close(master)
    return shown.decode()
