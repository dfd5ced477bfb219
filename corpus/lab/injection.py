"""The messages of the cases, and how they get into a server under test."""

from __future__ import annotations

import smtplib
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from corpus.lab.cases import Case

CLIENT = "192.0.2.2"
PATIENCE_SECONDS = 20.0
FILLER = "One of the lines that make this message as long as its case wants it.\r\n"


def message(case: Case) -> bytes:
    """Write the message of a case: small, and ours."""
    to = ", ".join(recipient.to for recipient in case.recipients[:2])
    fields = [
        "From: Members' List <list@sender.example>",
        f"To: {to}",
        "Subject: Minutes of the meeting",
        f"Date: {time.strftime('%a, %d %b %Y %H:%M:%S +0000', time.gmtime())}",
        f"Message-ID: <{case.id}@sender.example>",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit" if case.smtputf8 else "Content-Transfer-Encoding: 7bit",
    ]
    own = {line.partition(":")[0] for line in case.header}
    header = [*case.header, *(line for line in fields if line.partition(":")[0] not in own)]
    text = "\r\n".join([*header, "", "The minutes are on the members' page.", ""])
    return (text + FILLER * (max(0, case.size - len(text)) // len(FILLER))).encode()


def connected(server: str) -> smtplib.SMTP:
    """Connect to a server under test, which may still be starting."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            client = smtplib.SMTP(server, source_address=(CLIENT, 0), local_hostname="client.sender.example", timeout=10)
        except (OSError, smtplib.SMTPException):
            if time.monotonic() > until:
                raise
            time.sleep(0.3)
        else:
            client.command_encoding = "utf-8"
            client.ehlo()
            return client


def commands(case: Case) -> tuple[str, list[str]]:
    """Give MAIL and every RCPT of a case, with what RFC 3461 and RFC 6531 add to them."""
    mail = [f"FROM:<{case.sender}>"]
    mail += [f"RET={case.ret}"] if case.ret else []
    mail += [f"ENVID={case.envid}"] if case.envid else []
    mail += ["BODY=8BITMIME", "SMTPUTF8"] if case.smtputf8 else []
    options = [f"NOTIFY={case.notify}"] if case.notify else []
    options += [f"ORCPT={case.orcpt}"] if case.orcpt else []
    return " ".join(mail), [" ".join([f"TO:<{recipient.to}>", *options]) for recipient in case.recipients]


def inject(case: Case, server: str) -> str | None:
    """Hand a case's message to a server; gives what the server said where it refused."""
    mail, recipients = commands(case)
    try:
        with connected(server) as client:
            for command, argument in [("MAIL", mail), *(("RCPT", each) for each in recipients)]:
                code, text = client.docmd(command, argument)
                if code // 100 != 2:
                    return f"{command} {argument}: {code} {text.decode('utf-8', 'replace')}"
            code, text = client.data(message(case))
    except (OSError, smtplib.SMTPException) as error:
        return f"{type(error).__name__}: {error}"
    return None if code == 250 else f"end of DATA: {code} {text.decode('utf-8', 'replace')}"
