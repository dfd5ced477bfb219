# ruff: noqa: D103 - a test's name says what it holds
"""URLs of servers, and secrets from everywhere but a URL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bouncery.model import SourceError
from bouncery.sources.inbox import After, InboxOptions, open_inbox
from bouncery.sources.location import locate, password

if TYPE_CHECKING:
    from pathlib import Path

PLACE = locate("imaps://joe@mail.example.org")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("imaps://joe@mail.example.org", "imaps://joe@mail.example.org:993"),
        ("imaps://joe%40example.org@MAIL.example.org:993/INBOX/", "imaps://joe@example.org@mail.example.org:993/INBOX"),
        ("imaps://joe@example.org@mail.example.org/a%20b", "imaps://joe@example.org@mail.example.org:993/a b"),
        ("pop3://joe@[::1]", "pop3://joe@[::1]:110"),
        ("lmtp:///run/bouncery.sock", "lmtp:///run/bouncery.sock"),
        ("lmtp://127.0.0.1:8024", "lmtp://127.0.0.1:8024"),
    ],
)
def test_a_url_has_one_form(url: str, name: str) -> None:
    assert locate(url).name == name


@pytest.mark.parametrize("url", ["imaps://joe:s3cret@mail.example.org", "pop3://joe:s3cret@h/x", "imap://:s3cret@h"])
def test_a_password_in_a_url_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(SourceError, match="does not belong into a URL") as caught:
        open_inbox(url)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("imaps://mail.example.org", "whose mailbox"),
        ("pop3://joe@", "whose mailbox"),
        ("imaps://joe@host:port", "cannot be read"),
        ("imaps://joe@host/a?b", "%3F"),
    ],
)
def test_what_is_wrong_with_a_url_is_told(url: str, problem: str) -> None:
    with pytest.raises(SourceError, match=problem):
        open_inbox(url)


def test_pop3_has_no_folders() -> None:
    with pytest.raises(SourceError, match="neither folders nor marks"):
        open_inbox("pop3://joe@host", InboxOptions(after=After.MOVE))


@pytest.mark.parametrize(("host", "local"), [("127.0.0.1", True), ("::1", True), ("localhost", True), ("192.0.2.1", False)])
def test_only_this_machine_is_local(host: str, local: bool) -> None:  # noqa: FBT001 - a table
    assert locate(f"imap://joe@{f'[{host}]' if ':' in host else host}").local is local


def test_a_password_comes_from_a_command_a_file_or_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "password"
    file.write_bytes("pässword\r\nanother line\n".encode())
    monkeypatch.setenv("OWN", "from the environment")
    assert password(PLACE, InboxOptions(password_env="OWN")) == "from the environment"  # noqa: S106 - a variable
    assert password(PLACE, InboxOptions(password_file=str(file))) == "pässword"
    assert password(PLACE, InboxOptions(password_command=f"head -n 1 {file}")) == "pässword"


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (InboxOptions(password_env="UNSET_HERE"), "set UNSET_HERE, or give --password-file"),  # noqa: S106 - a variable
        (InboxOptions(password_file="/nowhere/at/all"), "see to --password-file"),  # noqa: S106 - a path
        (InboxOptions(password_file="/dev/null"), "nothing that could be a secret"),  # noqa: S106 - a path
        (InboxOptions(password_command="sh -c 'echo s3cret; exit 3'"), "ended with 3"),  # noqa: S106 - a command
        (InboxOptions(password_command="/nowhere/at/all"), "does not run"),  # noqa: S106 - a command
        (InboxOptions(password_command="printf '\\377'"), "nothing that could be a secret"),  # noqa: S106 - a command
    ],
)
def test_what_is_wrong_with_a_secret_is_told_without_it(options: InboxOptions, problem: str) -> None:
    with pytest.raises(SourceError, match=problem) as caught:
        password(PLACE, options)
    assert "s3cret" not in str(caught.value)
