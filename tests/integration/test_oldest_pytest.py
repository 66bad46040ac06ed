"""The oldest pytest that is supported: the plugin in it, beside a suite that uses it and one that does not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

OLDEST = "pytest==8.3.0"
SUITE = """\
def test_plain():
    pass

def test_shop(chaos, chaos_edge):
    with chaos.load("web"):
        with chaos_edge("web->db").inject(slow="300ms"):
            chaos.hold("5s")
    chaos.expect("web", availability=">= 99%")
"""
COMPOSE = """\
services:
  web:
    image: nothing
    labels: {regionfall.region: east, regionfall.calls: "db:5432", regionfall.entry: "8080/http"}
  db: {image: nothing, labels: {regionfall.region: west}}
"""


@pytest.fixture(scope="module")
def oldest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with that pytest in it, to be found before the installed one."""
    folder = tmp_path_factory.mktemp("oldest")
    words = ["install", "-q", "--no-deps", "--target", str(folder), OLDEST, "pluggy<2", "iniconfig<3"]
    subprocess.run([sys.executable, "-m", "pip", *words], check=True, timeout=240, stdin=subprocess.DEVNULL)
    return folder


@pytest.mark.parametrize(("answer", "ended"), [("passed", "2 passed"), ("failed", "1 failed, 1 passed")])
def test_it_works_in_the_oldest_pytest_without_a_warning(oldest: Path, tmp_path: Path, answer: str, ended: str) -> None:
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    (tmp_path / "test_shop.py").write_text(SUITE)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    others = [word for name in ("hypothesispytest", "asyncio", "docker") for word in ("-p", f"no:{name}")]
    words = ["-W", "error", "--chaos-fake", f"--chaos-fake-answer={answer}", "--junitxml=out.xml"]
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("REGIONFALL_", "PYTEST_"))}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *others, *words], cwd=tmp_path, env=clean | {"PYTHONPATH": str(oldest)},
        capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    assert "pytest-8.3.0" in done.stdout, done.stdout
    assert ended in done.stdout and done.returncode == (answer == "failed"), done.stdout
