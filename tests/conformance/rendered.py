"""Renders notifications from parts, byte for byte as RFC 6522 and RFC 3464 lay them out, for the conformance tests.

What a test gives stands in the message verbatim: neither folded nor encoded, so that it can be as wrong as real mail is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bouncery import parse

if TYPE_CHECKING:
    from bouncery import Recipient

HEADERS = """\
Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@mx.example.org>
To: owner@lists.example.net
Subject: Delivery report
Date: Mon, 23 Nov 2026 10:00:05 +0000
Message-ID: <report-1@mx.example.org>
MIME-Version: 1.0
"""
"""The header of the notification, without Content-Type."""

RETURNED = """\
From: News <news@lists.example.net>
To: u@example.com
Subject: November
Date: Mon, 23 Nov 2026 09:59:00 +0000
Message-ID: <november-1@lists.example.net>

The news of November.
"""
"""A returned message."""

REPORTING = "Reporting-MTA: dns; mx.example.org"
TEXT = "This is the report of a mail server on your message."
REPORT = "multipart/report; report-type=delivery-status"


def part(body: str, media_type: str = "text/plain; charset=utf-8", *headers: str) -> str:
    """Give a part: its Content-Type, further header fields (`Name: value`), a blank line and its body."""
    return "\n".join((f"Content-Type: {media_type}", *headers, "", body))


def multipart(parts: tuple[str, ...], media_type: str = REPORT, *, headers: str = HEADERS, boundary: str = "=_b") -> bytes:
    """Give a multipart message of parts that begin with their own header; lines end with LF, text is UTF-8."""
    body = "".join(f"--{boundary}\n{each}\n" for each in parts)
    return f'{headers}Content-Type: {media_type}; boundary="{boundary}"\n\n{body}--{boundary}--\n'.encode()


def groups(*recipients: str, per_message: str = REPORTING) -> str:
    """Give the body of a delivery status: the per-message group, then those of the recipients, blank lines between."""
    return "\n".join(f"{group.strip()}\n" for group in (per_message, *recipients))


def failed(address: str = "u@example.com", status: str = "5.1.1", *fields: str, action: str = "failed") -> str:
    """Give the group of one recipient: Final-Recipient, Action, Status and further fields (`Name: value`)."""
    return "\n".join((f"Final-Recipient: rfc822; {address}", f"Action: {action}", f"Status: {status}", *fields))


def dsn(
    groups: str,
    *,
    text: str = TEXT,
    returned: str | None = RETURNED,
    media_type: str = "message/delivery-status",
    returned_type: str = "message/rfc822",
    headers: str = HEADERS,
) -> bytes:
    """Give a delivery status notification.

    Args:
        groups: the whole body of the machine-readable part, verbatim (`groups` and `failed` write one).
        text: the part for people.
        returned: the returned message, or None for a notification without it.
        media_type: of the machine-readable part.
        returned_type: of the returned message.
        headers: the header of the notification, without Content-Type.
    """
    back = () if returned is None else (part(returned, returned_type),)
    return multipart((part(text), part(groups, media_type), *back), headers=headers)


def only(data: bytes) -> Recipient:
    """Give what the report on a message says of its recipient; fails unless there is exactly one."""
    (recipient,) = parse(data).recipients
    return recipient
