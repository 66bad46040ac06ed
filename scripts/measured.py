"""What a line of evidence says of its origin: commit and minute. Used by the scripts beside it."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def commit_of(*folders: str) -> str:
    """The last commit of what is measured; a plus sign where there are changes that are not committed."""

    def git(*words: str) -> str:
        done = subprocess.run(["git", *words, "--", *folders], cwd=ROOT, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    return (git("log", "-1", "--format=%h") or "unknown") + ("+" if git("status", "--porcelain") else "")


def now() -> str:
    """This minute."""
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M}Z"
