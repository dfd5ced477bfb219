# ruff: noqa: D103 - a test's name says what it holds
"""bouncery as a program: exit codes, pipes and processes as the operating system sees them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest

from bouncery.cli import exits, main
from tests.cli.letters import PROGRAM, bounce, mailbox, program, run


@pytest.fixture
def box(tmp_path: Path) -> Path:
    path = tmp_path / "box"
    path.write_bytes(mailbox(2000))
    return path


def test_exit_codes(tmp_path: Path) -> None:
    good = tmp_path / "a.eml"
    good.write_bytes(bounce())
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    assert program("parse", good).returncode == 0
    assert program("parse", loop, good).returncode == 1
    assert program("parse").returncode == 64
    assert program("parse", tmp_path / "missing", good).returncode == 66
    assert program("--help").returncode == 0


def test_a_full_disk_is_74(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(bounce())
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run((*PROGRAM, "parse", tmp_path / "a.eml"), stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 74
    assert b"No space left" in done.stderr


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_reader_that_goes_away_is_no_error(box: Path, jobs: int) -> None:
    with subprocess.Popen((*PROGRAM, "parse", "-j", str(jobs), box), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b'{"v":1')
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 0


def test_processes_keep_the_order(box: Path) -> None:
    one, two = (program("parse", "-j", jobs, box) for jobs in (1, 2))
    assert one.stdout == two.stdout
    assert one.stdout.count(b"\n") == 2000
    assert two.stderr == b""


def test_standard_input_is_streamed(box: Path) -> None:
    done = program("parse", "-", input=box.read_bytes())
    assert done.stdout.count(b"\n") == 2000


def modules_after(*args: str) -> tuple[str, set[str]]:
    """Give the output of a command and the modules that it imported."""
    code = f"import sys\nfrom bouncery.cli import main\ntry:\n    main({list(args)!r})\nfinally:\n    print(*sys.modules)"
    done = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=True)
    output, modules = done.stdout.splitlines()
    return output, set(modules.split())


def test_the_version_comes_without_what_only_some_commands_need() -> None:
    version, modules = modules_after("--version")
    assert version.startswith("bouncery 0.")
    assert not {"rich", "sqlalchemy", "flanker", "multiprocessing", "concurrent.futures"} & modules


def test_json_comes_without_rich(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(bounce())
    report, modules = modules_after("parse", str(tmp_path / "a.eml"))
    assert report.startswith('{"v":1')
    assert "rich" not in modules


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (BrokenPipeError(), exits.OK, ""),
        (OSError(28, "No space left on device"), exits.IO_ERROR, "No space left on device; check the disk"),
        (click.Abort(), exits.INTERRUPTED, ""),
        (click.ClickException("so it is"), 1, "Error: so it is"),
        (KeyboardInterrupt(), exits.INTERRUPTED, ""),
    ],
)
def test_errors_end_with_their_exit_code(error: BaseException, code: int, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: click.Context) -> None:
        raise error

    monkeypatch.setattr(
        main, "get_command", lambda *_: click.Command("parse", callback=lambda: fail(click.get_current_context()))
    )
    result = run("parse")
    assert result.exit_code == code
    assert said in result.stderr
    assert "Traceback" not in result.output
