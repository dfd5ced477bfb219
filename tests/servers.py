"""Programs of real servers, which the tests that need them start themselves.

They come with the operating system, so a developer may lack one: then the tests that need it are skipped, and say how to get
it. Where `BOUNCERY_SERVERS=required`, as in .ci/run, they fail.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable

REQUIRED = "BOUNCERY_SERVERS"


def program(name: str, package: str, folders: Iterable[str] = ()) -> str:
    """Find a program in some folders and in PATH; without it there is nothing to test."""
    found = shutil.which(name, path=os.pathsep.join((*folders, os.environ.get("PATH", ""), "/usr/sbin")))
    if found:
        return found
    problem = f"{name} is missing: apt-get install {package}"
    if os.environ.get(REQUIRED) == "required":
        pytest.fail(problem)
    pytest.skip(problem)
