"""Small notifications, written by the tests that need them."""

from __future__ import annotations

HEAD = """\
From: Mail Delivery System <MAILER-DAEMON@mx.example.org>
To: sender@lists.example.net
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
"""


def multipart(*parts: str, head: str = HEAD, subtype: str = "report") -> bytes:
    """Give a multipart message; each part begins with its own header."""
    body = "".join(f"--=_b\n{part}\n" for part in parts)
    return f'{head}Content-Type: multipart/{subtype}; boundary="=_b"\n\n{body}--=_b--\n'.encode()


def status_part(*groups: str, media_type: str = "message/delivery-status", mta: str = "dns; mx.example.org") -> str:
    """Give a delivery status of several groups."""
    return "\n\n".join((f"Content-Type: {media_type}\n", f"Reporting-MTA: {mta}", *groups)).replace("\n\n\n", "\n\n") + "\n"


def group(address: str = "u@example.com", action: str = "failed", **fields: str) -> str:
    """Give the fields on one recipient; an underscore in a name stands for a hyphen."""
    rows = {"Final-Recipient": f"rfc822; {address}", "Action": action}
    rows |= {name.replace("_", "-").title(): value for name, value in fields.items()}
    return "\n".join(f"{name}: {value}" for name, value in rows.items() if value)


def text_part(words: str, media_type: str = "text/plain; charset=utf-8") -> str:
    """Give a part for people."""
    return f"Content-Type: {media_type}\n\n{words}\n"


def dsn(*groups: str, words: str = "This is a delivery report.") -> bytes:
    """Give a delivery status notification."""
    return multipart(text_part(words), status_part(*groups))


def prose(words: str, head: str = HEAD) -> bytes:
    """Give a notification for people only."""
    return f"{head}\n{words}\n".encode()
