"""What a run was carried out on, and readings of the host for stop conditions."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("regionfall", "docker", "toxiproxy-python", "locust", "numpy", "scipy")


def environment_facts() -> dict[str, str]:
    """Versions and machine class; strings only, nothing that identifies the user."""
    facts = {"python": platform.python_version(), "kernel": platform.release(), "cores": str(os.cpu_count() or 0)}
    for package in PACKAGES:
        try:
            facts[package] = version(package)
        except PackageNotFoundError:
            facts[package] = "not installed"
    return facts


def host_gauge(folder: Path) -> Mapping[str, float]:
    """Bytes of free memory, and of free disk where `folder` lies; the load average of one minute per processor."""
    memory = {
        line.split(":")[0]: int(line.split()[1]) * 1024
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        if line.endswith("kB")
    }
    return {
        "memory_free": float(memory.get("MemAvailable", 0)),
        "disk_free": float(shutil.disk_usage(folder).free),
        "load": os.getloadavg()[0] / (os.cpu_count() or 1),
    }
