# ruff: noqa: D103 - a test's name says what it holds
"""Messages come from files, directories, Maildirs, mbox files and standard input, in a steady order."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from bouncery.model import SourceError
from bouncery.sources import Mail, mails, size

FROM = b"From MAILER-DAEMON Mon Nov 23 10:00:00 2026\n"


def put(path: Path, data: bytes = b"A: 1\n\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def names(source: Path | str, root: Path) -> list[str]:
    return [str(Path(mail.source).relative_to(root)) for mail in mails(source)]


def test_a_file_is_one_message(tmp_path: Path) -> None:
    path = put(tmp_path / "a.eml", b"A: 1\n\nbody")
    assert list(mails(path)) == [Mail(str(path), 0, b"A: 1\n\nbody")]


def test_an_eml_with_a_from_line_is_one_message_without_it(tmp_path: Path) -> None:
    path = put(tmp_path / "a.eml", FROM + b"A: 1\n\nbody\n")
    assert list(mails(path)) == [Mail(str(path), 0, b"A: 1\n\nbody\n")]


def test_a_text_that_begins_with_from_stays_whole(tmp_path: Path) -> None:
    path = put(tmp_path / "a.txt", b"From now on\nwe write\n")
    assert [mail.data for mail in mails(path)] == [b"From now on\nwe write\n"]


def test_an_mbox_numbers_its_messages(tmp_path: Path) -> None:
    path = put(tmp_path / "mbox", (FROM + b"A: 1\n\nbody\n\n") * 3)
    assert [mail.index for mail in mails(path)] == [0, 1, 2]


def test_a_directory_is_read_to_the_bottom_in_the_order_of_names(tmp_path: Path) -> None:
    for name in ("b/2.eml", "b/1.eml", "a.eml", "c.eml", "c.toml", "d.toml", ".hidden", ".git/x"):
        put(tmp_path / name)
    assert names(tmp_path, tmp_path) == ["a.eml", "b/1.eml", "b/2.eml", "c.eml", "d.toml"]


def test_a_directory_is_named_as_it_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "in" / "a.eml")
    monkeypatch.chdir(tmp_path)
    assert [mail.source for mail in mails("./in")] == ["./in/a.eml"]


def test_a_maildir_gives_new_and_cur_and_its_folders(tmp_path: Path) -> None:
    for name in ("cur/1:2,S", "new/2", "tmp/3", "dovecot.index", ".Sent/cur/4", ".Sent/new/.lock", ".Sent/tmp/5"):
        put(tmp_path / name)
    (tmp_path / ".Sent" / "new").mkdir(exist_ok=True)
    assert names(tmp_path, tmp_path) == ["new/2", "cur/1:2,S", ".Sent/cur/4"]


def test_what_cannot_be_read_is_handed_over_and_the_rest_is_read(tmp_path: Path) -> None:
    put(tmp_path / "b.eml")
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    problems: list[SourceError] = []
    assert [mail.source for mail in mails(tmp_path, skipped=problems.append)] == [str(tmp_path / "b.eml")]
    assert list(mails(loop, skipped=problems.append)) == []
    assert str(loop) in str(problems[0])


def test_without_a_handler_the_error_is_raised(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"missing: cannot be read \(No such file or directory\); give a file"):
        list(mails(tmp_path / "missing"))


def test_a_directory_that_cannot_be_listed_is_handed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    problems: list[SourceError] = []
    assert list(mails(tmp_path, skipped=problems.append)) == []
    assert "Permission denied" in str(problems[0])


def test_a_fifo_in_a_directory_is_passed_over(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert list(mails(tmp_path)) == []


def test_a_name_that_is_no_text_can_still_be_printed(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/\xff.eml"
    with open(path, "wb") as stream:  # noqa: PTH123 - a name of bytes
        stream.write(b"A: 1\n\n")
    (mail,) = mails(tmp_path)
    assert mail.source.endswith("\ufffd.eml")


@pytest.mark.parametrize(("data", "count"), [(b"A: 1\n\n", 1), ((FROM + b"A: 1\n\nx\n\n") * 2, 2), (b"", 1)])
def test_standard_input_may_be_a_message_or_an_mbox(data: bytes, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))
    found = list(mails("-"))
    assert [mail.source for mail in found] == ["-"] * count


@pytest.mark.parametrize("limit", [10, 5000])
def test_a_large_message_is_cut_and_the_rest_counted(tmp_path: Path, limit: int) -> None:
    path = put(tmp_path / "a.eml", b"A: 1\n\n" + b"x" * 9994)
    (mail,) = mails(path, limit=limit)
    assert (len(mail.data), mail.omitted) == (limit, 10_000 - limit)


def test_size_adds_up_the_files(tmp_path: Path) -> None:
    put(tmp_path / "a" / "1", b"12345")
    put(tmp_path / "b", b"123")
    assert size(tmp_path) == 8
    assert size(tmp_path / "missing") == 0
    assert size("-") is None
    assert size("/dev/null") is None
