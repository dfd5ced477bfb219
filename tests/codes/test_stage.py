"""The command that a reply answered, in the words of many servers."""

from __future__ import annotations

import pytest

from bouncery import Stage
from bouncery.codes.stage import stage_of

WORDS = [
    ("550 5.1.1 User unknown (in reply to RCPT TO command)", Stage.RCPT),
    ("550 refused (in reply to MAIL FROM command)", Stage.MAIL),
    ("554 5.7.1 spam (in reply to end of DATA command)", Stage.DATA),
    ("554 5.7.1 spam (in reply to DATA command)", Stage.DATA),
    ("450 busy (in reply to HELO command)", Stage.HELO),
    ("450 busy (in reply to EHLO command)", Stage.HELO),
    ("SMTP error from remote mail server after RCPT TO:<u@example.com>", Stage.RCPT),
    ("SMTP error from remote mail server after end of data", Stage.DATA),
    ("SMTP error from remote mail server after initial connection", Stage.CONNECT),
    ("192.0.2.1 does not like recipient.", Stage.RCPT),
    ("192.0.2.1 does not like sender.", Stage.MAIL),
    ("192.0.2.1 failed after I sent the message.", Stage.DATA),
    (">>> RCPT TO:<u@example.com>\n<<< 550 no", Stage.RCPT),
    ("550 User unknown", None),
    ("the data of your account", None),
    ("", None),
]


@pytest.mark.parametrize(("words", "stage"), WORDS)
def test_stage(words: str, stage: Stage | None) -> None:
    """The stage is told only by words that name the command."""
    assert stage_of(words) is stage
