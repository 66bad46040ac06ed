"""The wheel in an environment outside the repository, as a stranger has it."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
INSTALL_S = 420


def run(command: Sequence[str | Path], folder: Path, environ: dict[str, str] | None = None) -> str:
    """What a command says; AssertionError with all of it when it does not end with 0."""
    done = subprocess.run(
        [str(word) for word in command], cwd=folder, env=environ, capture_output=True, text=True, timeout=INSTALL_S,
        check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, f"{command} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def wheel(folder: Path) -> Path:
    """The wheel as `.venv/bin/python -m pip wheel --no-deps .` makes it."""
    run([sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", folder, "."], ROOT)
    return next(folder.glob("regionfall-*.whl"))


def environment(folder: Path, wheel: Path, *, empty: bool = False) -> Path:
    """A new virtual environment with the wheel in it. Unless `empty`, what it depends on is not installed once more but
    lent by this environment: its folder of packages is searched last, and the link to the checkout in it is not
    followed.
    """
    run([sys.executable, "-m", "venv", folder], folder.parent)
    pip, bare = [folder / "bin" / "python", "-m", "pip", "install", "-q"], bare_environ(folder)
    if empty:
        run([*pip, "-c", ROOT / "constraints.txt", wheel], folder.parent, bare)
        return folder
    run([*pip, "--no-deps", wheel], folder.parent, bare)
    (lent,) = folder.glob("lib/python*/site-packages")
    (lent / "lent.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    return folder


def bare_environ(folder: Path) -> dict[str, str]:
    """This process's environment without anything that could lead Python back to the checkout."""
    hidden = ("PYTHON", "VIRTUAL_ENV", "PYTEST_", "REGIONFALL_", "COMPOSE_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    return {**kept, "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"}
