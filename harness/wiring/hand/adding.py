"""Adding, measuring and removing faults by hand."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.cluster.cluster import Cluster
from harness.cluster.lock import holder, lock_path, written
from harness.journal.events import read_events
from harness.journal.manifest import Manifest, read_record, write_manifest
from harness.model.errors import CleanupUnverified, ClusterError, UsageError
from harness.model.fault import Injection
from harness.model.finding import InjectionResult
from harness.model.load import Load, RatePoint
from harness.model.plan import STEADY, Limits, Phase, Plan
from harness.model.stack import Stack
from harness.spec.by_hand import fault_by_hand
from harness.spec.quick import Quick
from harness.wiring.halt import refuse_if_engaged
from harness.wiring.hand.holder import HISTORY_S, PROJECT
from harness.wiring.hand.place import as_injection, hand_folder, known_of, live_hands, lock_name, the_cluster
from harness.wiring.standing import asked, status_now

STARTS_S = 40.0
LEAST_S = 4.0
"""The proxies tell a second two seconds later; before this there is next to nothing to see."""
MEASURED_S = 10.0
"""How long "during" is watched at most, until it proves the fault."""
_ENDS_S = 15.0
_LOOK_S = 0.1

Sleep = Callable[[float], None]


def add(home: Path, project: str | None, quick: Quick) -> Path:
    """Start the holder of one fault; its folder, once the fault holds by read-back.

    InvalidFile for words that cannot be obeyed, ClusterError when it does not hold, or under an engaged lever.
    """
    refuse_if_engaged(home)
    cluster = the_cluster(home, project)
    stack, limits = known_of(cluster)
    id_ = f"hand-{secrets.token_hex(2)}"
    running = cluster.protected() - {name for limit in limits for name in limit.protect}
    bounds = [*limits, Limits(protect=tuple(sorted(running)))]
    one = fault_by_hand(quick, stack, bounds, _held(cluster), id_)
    folder = hand_folder(home, id_)
    folder.mkdir(parents=True)
    write_manifest(folder, Manifest(id_, _plan(stack, one), {PROJECT: cluster.name}, tuple(sys.argv)))
    process = _started(folder)
    with _ended_on_interrupt(process):
        _wait_until_it_holds(folder, process, one)
    return folder


def measured(folder: Path, sleep: Sleep = time.sleep) -> InjectionResult:
    """What the proxies saw before and during, as soon as that proves the fault, at the latest after some seconds."""
    waited = 0.0
    while True:
        if waited < LEAST_S and not _over(folder):
            sleep(1.0)
            waited += 1.0
            continue
        result = _result(folder)
        if result.effect.proved or waited >= MEASURED_S or _over(folder):
            return result
        sleep(1.0)
        waited += 1.0


def remove(home: Path, id_: str, sleep: Sleep = time.sleep) -> None:
    """End one fault by hand and see that it is gone. UsageError for an unknown one, CleanupUnverified if it is not."""
    if id_ not in live_hands(home):
        raise UsageError(_not_ours(home, id_))
    lock = lock_path(home, lock_name(id_))
    pid = written(lock).get("pid")
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            if isinstance(pid, int) and holder(lock) is not None:
                os.kill(pid, number)
        waited = 0.0
        while holder(lock) is not None and waited < _ENDS_S / 2:
            sleep(_LOOK_S)
            waited += _LOOK_S
    if any(row["id"] == id_ for row in status_now(home)["injections"]):
        raise CleanupUnverified(f"{id_} may still hold; `regionfall heal` lifts everything")


def _held(cluster: Cluster) -> list[Injection]:
    """What holds there now, for whomever; parts of one fault on several proxies joined."""
    found: dict[tuple[str, str], Injection] = {}
    with asked(cluster) as borders:
        for border in borders.values():
            for entry in border.status().get("injections", ()):
                key, one = (str(entry["owner"]), str(entry["id"])), as_injection(entry)
                before = found.get(key)
                found[key] = replace(one, edges=before.edges + one.edges) if before else one
    return list(found.values())


def _plan(stack: Stack, one: Injection) -> Plan:
    phases = (Phase(STEADY, -float(HISTORY_S), 0.0), Phase("held", 0.0, one.end_s))
    name = f"{one.id} on {one.target}"
    return Plan(name, "", "", "", 0, stack, Load((RatePoint(0.0, 0.0),), ()), 0.0, phases, (one,))


def _started(folder: Path) -> subprocess.Popen[bytes]:
    """The holder: a session of its own, nothing of our terminal in its hands."""
    with (folder / "holder.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "harness.wiring.hand.holder", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            close_fds=True,
        )


@contextmanager
def _ended_on_interrupt(process: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    except BaseException:
        process.terminate()
        raise


def _wait_until_it_holds(folder: Path, process: subprocess.Popen[bytes], one: Injection) -> None:
    deadline = time.monotonic() + STARTS_S
    while time.monotonic() < deadline:
        ended = process.poll() is not None
        for event in read_events(folder):
            if event["event"] == "injection_holding":
                return
            if event["event"] in ("injection_lost", "run_failed"):
                raise ClusterError(f"{one.id} does not hold: {event.get('reason')}")
        if ended:
            raise ClusterError(f"{one.id} does not hold: its process ended; see {folder / 'holder.log'}")
        time.sleep(_LOOK_S)
    raise ClusterError(f"{one.id} does not hold after {STARTS_S:g} s; see {folder / 'events.ndjson'}")


def _result(folder: Path) -> InjectionResult:
    from harness.analysis.data.disturbance import disturbances
    from harness.analysis.data.run import RunData
    from harness.analysis.proof.containment import canary_rows
    from harness.analysis.proof.injections import injection_results

    record = read_record(folder)
    run = RunData(record)
    return injection_results(run, canary_rows(record.canary), disturbances(run))[0]


def _over(folder: Path) -> bool:
    return any(event["event"] == "run_closed" for event in read_events(folder))


def _not_ours(home: Path, id_: str) -> str:
    rows: list[dict[str, Any]] = status_now(home)["injections"]
    mine = [row for row in rows if row["id"] == id_]
    if mine:
        return f"{id_!r} is a fault of run {mine[0]['run']}; `regionfall heal {mine[0]['run']}` lifts it"
    known = ", ".join(live_hands(home)) or "none"
    return f"no fault {id_!r} was added by hand, or it is over; there is: {known}"


def when_over(folder: Path, one: Injection) -> datetime:
    """The moment of its deadline, UTC, as far as its journal tells when it began."""
    for event in read_events(folder):
        if event["event"] == "injection_holding":
            began = datetime.fromisoformat(str(event["wall"]))
            return datetime.fromtimestamp(began.timestamp() + one.end_s, UTC)
    return datetime.now(UTC)
