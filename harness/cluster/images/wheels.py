"""The load generator's Python packages, unpacked on the host for the image's Python: containers reach no index."""

from __future__ import annotations

import hashlib
from pathlib import Path

from harness.cluster.cache import cache_folder, locked
from harness.cluster.images.tools import install_into

PYTHON = "3.11"
_MACHINE = {"amd64": "x86_64", "arm64": "aarch64"}
_MANYLINUX = ("manylinux_2_28", "manylinux_2_17", "manylinux2014")


def site(requirements: Path, architecture: str) -> Path:
    """A folder holding `site/` with every pinned package of `requirements`, for `architecture` (Go's word)."""
    key = hashlib.sha256(requirements.read_bytes() + architecture.encode()).hexdigest()[:12]
    folder = cache_folder() / f"load-site-{key}"
    with locked(folder.name):
        if not (folder / "site").exists():
            machine = _MACHINE.get(architecture, architecture)
            platforms = [word for kind in _MANYLINUX for word in ("--platform", f"{kind}_{machine}")]
            target = ["--only-binary=:all:", "--implementation=cp", f"--python-version={PYTHON}", *platforms]
            folder.mkdir(exist_ok=True)
            install_into(folder / "site", ["-r", str(requirements)], *target)
    return folder
