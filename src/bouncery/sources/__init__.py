"""Where messages come from: files, directories, Maildirs, mbox files and standard input."""

from __future__ import annotations

from bouncery.sources.files import MESSAGE_BYTES, STANDARD_INPUT, Mail, mails, size

__all__ = ["MESSAGE_BYTES", "STANDARD_INPUT", "Mail", "mails", "size"]
