# ruff: noqa: D103 - a test's name says what it holds
"""Mailboxes are split at the right lines, whatever the chunks."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bouncery.sources import mbox

FROM = b"From MAILER-DAEMON Mon Nov 23 10:00:00 2026\n"
NO_LIMIT = 1 << 30


def pieces(data: bytes, limit: int = NO_LIMIT) -> list[bytes]:
    return [piece.data for piece in mbox.split(BytesIO(data), limit)]


def test_every_message_comes_without_its_from_line_and_the_blank_line_behind_it() -> None:
    assert pieces(FROM + b"A: 1\n\none\n\n" + FROM + b"B: 2\n\ntwo\n") == [b"A: 1\n\none\n", b"B: 2\n\ntwo\n"]


def test_crlf_mailboxes_keep_their_line_ends() -> None:
    crlf = FROM.replace(b"\n", b"\r\n")
    assert pieces(crlf + b"A: 1\r\n\r\none\r\n\r\n" + crlf + b"B: 2\r\n\r\n") == [b"A: 1\r\n\r\none\r\n", b"B: 2\r\n\r\n"]


@pytest.mark.parametrize(
    "body",
    [
        b"From the start it went wrong.\n",
        b"a line\nFrom nobody Mon Nov 23 10:00:00 2026\n",
        b"\nFrom here on we read.\nNothing begins here\n",
        b">From someone Mon Nov 23 10:00:00 2026\n",
    ],
)
def test_a_from_in_a_text_begins_no_message(body: bytes) -> None:
    assert pieces(FROM + b"A: 1\n\ntext\n" + body) == [b"A: 1\n\ntext\n" + body]


def test_a_from_line_without_a_date_counts_before_a_header() -> None:
    assert pieces(b"From a@example.com\nA: 1\n\nx\n\nFrom b@example.com\nB: 2\n\ny\n") == [b"A: 1\n\nx\n", b"B: 2\n\ny\n"]


def test_a_message_over_the_limit_is_cut_and_counted() -> None:
    data = FROM + b"A: 1\n\n" + b"x" * 1000 + b"\n\n" + FROM + b"B: 2\n\n"
    limit = len(FROM) + 100
    first, second = mbox.split(BytesIO(data), limit)
    assert first.data == (b"A: 1\n\n" + b"x" * 1000)[:100]
    assert first.omitted == len(b"A: 1\n\n" + b"x" * 1000 + b"\n") - 100
    assert second == mbox.Piece(b"B: 2\n\n", 0)


BITS = st.sampled_from([FROM, b"\n", b"\r\n", b"text\n", b"Subject: x\n", b"From me\n", b"From", b"x" * 70, b"\n\n"])


@given(st.lists(BITS, max_size=60), st.integers(1, 40))
def test_chunks_make_no_difference(bits: list[bytes], chunk: int) -> None:
    data = FROM + b"".join(bits)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mbox, "CHUNK", chunk)
        small = pieces(data)
    assert small == pieces(data)


@given(st.lists(st.binary(max_size=200).filter(lambda body: b"From " not in body), min_size=1, max_size=20))
def test_what_was_put_into_a_mailbox_comes_out_again(bodies: list[bytes]) -> None:
    messages = [b"A: 1\n\n" + body + b".\n" for body in bodies]
    assert pieces(b"\n".join(FROM + message for message in messages)) == messages


def test_a_mailbox_reads_in_constant_memory() -> None:
    class Endless:
        """A mailbox of 64 MiB that exists only while it is read."""

        left = 64

        def read(self, _: int) -> bytes:
            self.left -= 1
            return (FROM + b"A: 1\n\n" + b"line of text\n" * 80_000 + b"\n") if self.left >= 0 else b""

    largest = max(len(piece.data) for piece in mbox.split(Endless(), NO_LIMIT))  # type: ignore[arg-type]
    assert largest <= len(b"A: 1\n\n" + b"line of text\n" * 80_000 + b"\n")
