"""Exit codes, those of sysexits.h where it has one."""

from __future__ import annotations

OK = 0
UNREADABLE = 1
"""Some message could not be read, or a rule file has problems; each is named on standard error."""
USAGE = 64
NO_INPUT = 66
IO_ERROR = 74
TEMPORARY = 75
"""The database or a server is away: nothing that is not stored was acknowledged, and the same again may do."""
INTERRUPTED = 130
