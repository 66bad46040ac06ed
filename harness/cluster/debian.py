"""Packages of another Debian suite, fetched from wherever this machine's own apt sources point.

Standard library only: set-up runs `python3 -m harness.cluster.debian FILE` before any package is installed.
"""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from harness.model.errors import ClusterError

COMPOSE_SUITE = "trixie"
_COMPOSE_MEMBER = "usr/libexec/docker/cli-plugins/docker-compose"
_APT_DEADLINE_S = 180


def release() -> tuple[str, str]:
    """This machine's distribution and code name, e.g. ("debian", "bookworm"); empty strings when unknown."""
    try:
        facts = platform.freedesktop_os_release()
    except OSError:
        return "", ""
    return facts.get("ID", ""), facts.get("VERSION_CODENAME", "")


def sources(suite: str, *, main_only: bool = False) -> list[str]:
    """One-line apt sources for `suite`: the machine's own with its code name replaced.

    With `main_only` the updates and security pockets are left out. Empty when this is no Debian machine or apt has
    no usable source; then the caller has to find another way.
    """
    distribution, codename = release()
    if distribution != "debian" or not codename or shutil.which("apt-get") is None:
        return []
    lines: list[str] = []
    for name, component, uri in _targets():
        pocket = name.removeprefix(codename if name.startswith(codename) else "stable")
        if component != "main" or pocket not in ("", "-updates", "-security") or (main_only and pocket):
            continue
        lines.append(f"deb {uri} {suite}{pocket} main")
    return list(dict.fromkeys(lines))


def _targets() -> list[tuple[str, str, str]]:
    """(suite, component, address) of every package index that apt knows; a private update where it knows none yet."""
    form = ["indextargets", "--format", "$(RELEASE)|$(COMPONENT)|$(REPO_URI)", "Created-By: Packages"]
    text = _apt(form)
    if not text.strip():
        with tempfile.TemporaryDirectory(prefix="regionfall-apt-") as name:
            options = _private(Path(name))
            _apt([*options, "-qq", "update"])
            text = _apt([*options, *form])
    rows = (line.split("|") for line in text.splitlines())
    return [(row[0], row[1], row[2]) for row in rows if len(row) == 3]


def _private(folder: Path) -> list[str]:
    """apt options that keep all state in `folder`, so that neither rights nor the system's own lists are needed."""
    for part in ("lists/partial", "archives/partial", "none"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)  # apt's own download user must be able to enter
    values = {
        "Dir::State::lists": str(folder / "lists"),
        "Dir::Cache::archives": str(folder / "archives"),
        "Dir::Cache::pkgcache": "",
        "Dir::Cache::srcpkgcache": "",
        "Acquire::Languages": "none",
    }
    return [word for key, value in values.items() for word in ("-o", f"{key}={value}")]


def fetch(package: str, suite: str, folder: Path) -> Path:
    """Download the `.deb` of `package` as it is in `suite` into `folder`; raises ClusterError when it cannot be had."""
    lines = sources(suite, main_only=True)
    if not lines:
        raise ClusterError(f"package {package} of {suite}: this machine has no Debian source to fetch it from")
    options = [*_private(folder), "-o", f"Dir::Etc::sourcelist={folder / 'sources.list'}"]
    options += ["-o", f"Dir::Etc::sourceparts={folder / 'none'}"]
    (folder / "sources.list").write_text("\n".join(lines) + "\n", encoding="utf-8")
    _apt([*options, "-qq", "update"])
    _apt([*options, "-qq", "download", package], folder)
    found = sorted(folder.glob(f"{package}_*.deb"))
    if not found:
        raise ClusterError(f"package {package} of {suite}: apt downloaded nothing into {folder}")
    return found[-1]


def fetch_compose(target: Path) -> None:
    """Put Debian's Compose v2 plugin at `target`, executable. Raises ClusterError."""
    with tempfile.TemporaryDirectory(prefix="regionfall-compose-") as name:
        folder = Path(name)
        archive = fetch("docker-compose", COMPOSE_SUITE, folder)
        _run(["dpkg", "-x", str(archive), str(folder / "unpacked")])
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_name(f".{target.name}.new")
        shutil.copyfile(folder / "unpacked" / _COMPOSE_MEMBER, fresh)
        fresh.chmod(0o755)
        fresh.replace(target)


def _apt(args: Sequence[str], folder: Path | None = None) -> str:
    return _run(["apt-get", *args], folder)


def _run(command: Sequence[str], folder: Path | None = None) -> str:
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=_APT_DEADLINE_S,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ClusterError(f"{' '.join(command)}: {error}") from error
    if done.returncode != 0:
        tail = "".join(f"\n  | {line}" for line in done.stderr.strip().splitlines()[-8:])
        raise ClusterError(f"{' '.join(command)} ended with code {done.returncode}{tail}")
    return done.stdout


if __name__ == "__main__":
    try:
        fetch_compose(Path(sys.argv[1]))
    except ClusterError as error:
        sys.exit(f"Compose v2 could not be fetched: {error}")
