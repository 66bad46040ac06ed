"""One case from start to line: a run, its fault, the kill, and what is there afterwards."""

from __future__ import annotations

import json
import random
import subprocess
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from docker.errors import DockerException
from draw import Case
from faults import HOLD_S, PHASE, experiment, item_for, words_of
from requests.exceptions import RequestException
from stand import COMPOSE, Stand, command_lines, journal, until
from victims import Running, Victim

from harness.journal.manifest import read_record
from harness.model.errors import HarnessError
from harness.wiring.judgement import judge_folder
from harness.wiring.standing import status_now

HOLDS_WITHIN_S = 60.0
ENDS_WITHIN_S = 90.0
CLEAN_WITHIN_S = 30.0
BY_HAND_S = 120


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
    alive = not victim.lives_in or case.family in victim.lives_in
    kinds = [case.fault, *([] if alive else [companions[victim.lives_in[0]]])]
    text = experiment(case.name, COMPOSE, [item_for(kind, stand.plan_of, COMPOSE) for kind in kinds])
    stand.write(f"{case.name}.chaos.yaml", text)
    plan = stand.plan_of(text)
    if victim.by_hand:
        return by_hand(line, victim, stand, Running(stand, 0, plan, chance))
    known = set(_folders(stand))
    process = stand.start("run", f"{case.name}.chaos.yaml", "--json", "-q")
    try:
        names = {injection.id for injection in plan.injections}
        folder = until(lambda: _holding(stand, known, names, process), HOLDS_WITHIN_S, "every fault holds", 0.03)
        time.sleep(chance.uniform(0.0, 0.6) * left_s(folder))
        killed = time.monotonic()
        line.killed = victim.kill(Running(stand, process.pid, plan, chance))
        _, err = process.communicate(timeout=ENDS_WITHIN_S)
    except (AssertionError, subprocess.TimeoutExpired, DockerException, RequestException) as error:
        line.wrong.append(f"{type(error).__name__}: {str(error)[-600:]}")
        return line
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    line.leftovers = settled(stand)
    line.seconds = time.monotonic() - killed
    line.foreign_touched = stand.bystanders.touched()
    _judge(line, victim, stand, folder, err)
    return line


def by_hand(line: Line, victim: Victim, stand: Stand, running: Running) -> Line:
    """The fault of the case is added by hand; its command has long ended when its holder is killed."""
    item = item_for(line.case.fault, stand.plan_of, COMPOSE)
    added = stand.command("fault", "add", *words_of(item), "--for", f"{BY_HAND_S}s", "--json", "-q")
    hands = stand.home / "hand"
    folders = sorted(hands.iterdir(), key=lambda one: one.stat().st_mtime) if hands.is_dir() else []
    if added.returncode != 0 or not folders:
        line.wrong.append(f"fault add ended with {added.returncode}: {added.stderr.strip()[-500:]}")
        return line
    pids = [pid for pid, row in command_lines().items() if "hand.holder" in row and row.endswith(str(folders[-1]))]
    if len(pids) != 1 or not any(row["id"] == folders[-1].name for row in status_now(stand.home)["injections"]):
        line.wrong.append(f"{folders[-1].name} does not hold, or its holder is gone: {pids}")
        return line
    killed = time.monotonic()
    line.killed = victim.kill(replace(running, controller=pids[0])).replace("controller", "fault holder")
    line.leftovers = settled(stand)
    line.seconds = time.monotonic() - killed
    line.foreign_touched = stand.bystanders.touched()
    line.status = "killed"
    if held := status_now(stand.home)["injections"]:
        line.leftovers.append(f"still holds by the proxies' word: {held}")
    _read_by_hand(line, folders[-1])
    return line


def _read_by_hand(line: Line, folder: Path) -> None:
    """The folder of a fault by hand has no verdict; it must be readable all the same."""
    try:
        read_record(folder)
    except (HarnessError, OSError, ValueError) as error:
        line.wrong.append(f"unreadable folder {folder.name}: {type(error).__name__}: {error}")


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


def left_s(folder: Path) -> float:
    """Seconds for which all faults of a run go on holding; AssertionError when they do not any more."""
    phases = {event["phase"]: event["mono"] for event in journal(folder) if event["event"] == "phase_started"}
    left = float(phases[PHASE]) + HOLD_S - time.monotonic()
    assert left > 0, f"{folder.name}: its faults held too late, their phase was over"
    return left


def settled(stand: Stand) -> list[str]:
    """What is left when the patience ends; nothing as soon as nothing is."""
    end = time.monotonic() + CLEAN_WITHIN_S
    while (left := stand.left()) and time.monotonic() < end:
        time.sleep(0.2)
    return left


def _judge(line: Line, victim: Victim, stand: Stand, folder: Path, err: str) -> None:
    """Read the run's folder again as a person would, and hold its words against the promise."""
    try:
        judge_folder(folder)  # what `report RUN --judge` does
        verdict = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    except (HarnessError, OSError, ValueError) as error:
        line.wrong.append(f"unreadable run folder {folder.name}: {type(error).__name__}: {error}")
        return
    line.status, line.verdict = str(verdict["status"]), verdict["verdict"]
    if line.status not in victim.statuses:
        line.wrong.append(f"status {line.status} after the kill of {line.killed}; {err.strip()[-300:]}")
    if line.verdict not in (None, "inconclusive"):
        line.wrong.append(f"verdict {line.verdict} although {line.killed} was killed: {verdict['reasons'][:3]}")
    if not (folder / "report.html").exists():
        line.wrong.append("no report")
