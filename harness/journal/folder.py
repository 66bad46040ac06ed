"""Run folders: `.regionfall/runs/<UTC>-<slug>-<id4>/`, never overwritten, `.regionfall/latest` names the newest."""

from __future__ import annotations

import os
import re
from datetime import datetime
from pathlib import Path

from harness.model.errors import UsageError

HOME = ".regionfall"
LATEST = "latest"


def slug(text: str) -> str:
    """`text` as a file name: lower case letters, digits and single dashes, at most 60 characters."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60] or "run"


def home(directory: Path) -> Path:
    """The `.regionfall` folder of a working directory; made, and hidden from git, when it is missing."""
    path = directory / HOME
    (path / "runs").mkdir(parents=True, exist_ok=True)
    ignore = path / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")
    return path.resolve()


def new_run(home_path: Path, name: str, now: datetime, unique: str) -> Path:
    """A new, empty run folder; `unique` (4 hexadecimal digits) keeps two runs of one second apart."""
    folder = home_path / "runs" / f"{now:%Y%m%dT%H%M%SZ}-{slug(name)}-{unique}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=False)  # what a stack answers and logs is nobody else's on this machine
    (folder / "logs").mkdir()
    point_latest(home_path, folder)
    return folder


def point_latest(home_path: Path, folder: Path) -> None:
    """Point `.regionfall/latest` to `folder`, atomically; a link that something else turned into a file is kept."""
    link = home_path / LATEST
    if link.exists() and not link.is_symlink():
        return
    fresh = home_path / f".latest-{os.getpid()}"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(folder.relative_to(home_path))
    fresh.replace(link)


def run_folders(home_path: Path) -> list[Path]:
    """All run folders, oldest first."""
    runs = home_path / "runs"
    return sorted(path for path in runs.iterdir() if path.is_dir()) if runs.is_dir() else []


def find_run(home_path: Path, name: str) -> Path:
    """The run folder `name`: a path, a whole name, `latest`, or a unique part of a name. UsageError otherwise."""
    direct = Path(name)
    if (direct / "manifest.json").exists() or (direct / "events.ndjson").exists():
        return direct.resolve()
    if name == LATEST and (home_path / LATEST).exists():
        return (home_path / LATEST).resolve()
    matches = [folder for folder in run_folders(home_path) if name and name in folder.name]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise UsageError(f"{name!r} names {len(matches)} runs, e.g. {matches[0].name}; give more of the name")
    raise UsageError(f"no run {name!r} under {home_path / 'runs'}; `regionfall runs ls` lists them")


def shown(folder: Path) -> str:
    """A path as people type it: relative to where they are, when it lies below."""
    try:
        return str(folder.relative_to(Path.cwd()))
    except ValueError:
        return str(folder)
