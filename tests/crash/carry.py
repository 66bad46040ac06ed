"""One case from start to line: a run, its fault, the kill, and what is there afterwards."""

from __future__ import annotations

import json
import random
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from draw import Case
from faults import HOLD_S, experiment, item_for
from stand import COMPOSE, Stand, journal, until
from victims import Running, Victim

HOLDS_WITHIN_S = 60.0
ENDS_WITHIN_S = 90.0
CLEAN_WITHIN_S = 30.0


@dataclass
class Line:
    """The evidence of one case. `seconds`: from the kill until every edge answers and nothing is left."""

    case: Case
    killed: str = ""
    leftovers: list[str] = field(default_factory=list)
    foreign_touched: list[str] = field(default_factory=list)
    seconds: float = 0.0
    status: str = ""
    verdict: str | None = None
    wrong: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether everything is as promised."""
        return not (self.leftovers or self.foreign_touched or self.wrong)

    def to_json(self) -> dict[str, Any]:
        """As it goes into the evidence."""
        return {
            "seed": self.case.seed, "victim": self.case.victim, "fault": self.case.fault, "class": self.case.family,
            "killed": self.killed, "leftovers": self.leftovers, "foreign_touched": self.foreign_touched,
            "seconds": round(self.seconds, 2), "status": self.status, "verdict": self.verdict, "wrong": self.wrong,
        }  # fmt: skip


def carried_out(case: Case, victim: Victim, stand: Stand, companions: dict[str, str]) -> Line:
    """Run, kill, look. Whatever is not as promised is in the line; nothing is raised for it."""
    line, chance = Line(case), random.Random(case.seed)
    kinds = [case.fault, *([companions[victim.companion]] if victim.companion not in ("", case.family) else [])]
    text = experiment(case.name, COMPOSE, [item_for(kind, stand.plan_of, COMPOSE) for kind in kinds])
    stand.write(f"{case.name}.chaos.yaml", text)
    plan = stand.plan_of(text)
    known = set(_folders(stand))
    process = stand.start("run", f"{case.name}.chaos.yaml", "--json", "-q")
    try:
        names = {injection.id for injection in plan.injections}
        folder = until(lambda: _holding(stand, known, names, process), HOLDS_WITHIN_S, "every fault holds", 0.03)
        time.sleep(chance.uniform(0.0, HOLD_S * 0.6))
        killed = time.monotonic()
        line.killed = victim.kill(Running(stand, process.pid, plan, chance))
        _, err = process.communicate(timeout=ENDS_WITHIN_S)
    except (AssertionError, subprocess.TimeoutExpired) as error:
        line.wrong.append(str(error)[-600:])
        return line
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    line.leftovers = _settled(stand)
    line.seconds = time.monotonic() - killed
    line.foreign_touched = stand.bystanders.touched()
    _judge(line, victim, stand, folder, err)
    return line


def _folders(stand: Stand) -> list[Path]:
    runs = stand.home / "runs"
    return sorted(runs.iterdir()) if runs.is_dir() else []


def _holding(stand: Stand, known: set[Path], names: set[str], process: subprocess.Popen[str]) -> Path | None:
    """The folder of the new run, as soon as all its faults hold."""
    if process.poll() is not None:
        out, err = process.communicate()
        raise AssertionError(f"the run ended with {process.returncode} before its faults held: {err or out}")
    for folder in set(_folders(stand)) - known:
        if names <= {event["injection"] for event in journal(folder) if event["event"] == "injection_holding"}:
            return folder
    return None


def _settled(stand: Stand) -> list[str]:
    """What is left when the patience ends; nothing as soon as nothing is."""
    end = time.monotonic() + CLEAN_WITHIN_S
    while (left := stand.left()) and time.monotonic() < end:
        time.sleep(0.2)
    return left


def _judge(line: Line, victim: Victim, stand: Stand, folder: Path, err: str) -> None:
    """Read the run's folder again as a person would, and hold its words against the promise."""
    done = stand.command("report", str(folder), "--judge", "--json", "-q")
    try:
        verdict = json.loads(done.stdout)
    except ValueError:
        line.wrong.append(f"unreadable run folder {folder.name}: {done.returncode} {done.stderr.strip()[-400:]}")
        return
    line.status, line.verdict = str(verdict["status"]), verdict["verdict"]
    if line.status not in victim.statuses:
        line.wrong.append(f"status {line.status} after the kill of {line.killed}; {err.strip()[-300:]}")
    if line.verdict not in (None, "inconclusive"):
        line.wrong.append(f"verdict {line.verdict} although {line.killed} was killed: {verdict['reasons'][:3]}")
    if not (folder / "report.html").exists():
        line.wrong.append("no report")
