"""The lever: while it is engaged nothing is broken in this folder. A file, so that it outlives every process."""

from __future__ import annotations

import getpass
import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

FILE = "lever.json"


@dataclass(frozen=True, slots=True)
class Lever:
    """An engaged lever: why, since when (ISO 8601, UTC) and by whom."""

    reason: str
    since: str = ""
    who: str = ""

    @property
    def words(self) -> str:
        """One line for people: the reason, and what releases it."""
        by = f" by {self.who}" if self.who else ""
        since = f" since {self.since}" if self.since else ""
        return f"the lever is engaged{since}{by}: {self.reason}"


def engage(home: Path, reason: str, now: datetime) -> Lever:
    """Engage it, durably: on disk before this returns. An engaged one gets the new reason."""
    lever = Lever(reason.strip() or "no reason given", f"{now:%Y-%m-%dT%H:%M:%SZ}", _who())
    fresh = home / f".{FILE}-{os.getpid()}"
    with fresh.open("w", encoding="utf-8") as stream:
        json.dump(asdict(lever), stream)
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(home / FILE)
    return lever


def release(home: Path) -> Lever | None:
    """Release it; the one that was engaged, None if none was."""
    lever = engaged(home)
    (home / FILE).unlink(missing_ok=True)
    return lever


def engaged(home: Path) -> Lever | None:
    """The engaged lever, or None. A file that cannot be read counts as engaged: doubt never breaks anything."""
    path = home / FILE
    if not path.exists():
        return None
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
        return Lever(str(body["reason"]), str(body.get("since", "")), str(body.get("who", "")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Lever(f"{path} cannot be read")


def _who() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return ""
