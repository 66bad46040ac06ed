"""A few kills of the crash suite, and other ways in which a run may be cut short; two stacks side by side.

The kills come from a seed, which is printed; REGIONFALL_CRASH_SEED repeats them. `make crash` does two hundred.
"""

from __future__ import annotations

import json
import os
import pty
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from carry import carried_out, settled
from draw import draw
from faults import HOLD_S, experiment, families
from stand import COMMAND, COMPOSE, Stand, environ, journal, processes, standing, until
from victims import victims

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(os.geteuid() != 0, reason="processes inside containers can only be killed and stopped by root"),
]

HANG = {"on": "web->orders", "hang": True}
LEASE_S = 3.0
KILLS = 2


@contextmanager
def small_disk(place: Path, megabytes: int) -> Iterator[Path]:
    """A folder on a disk of its own."""
    place.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.fixture(scope="module")
def stand(tmp_path_factory) -> Iterator[Stand]:
    """A project with its stack up."""
    with standing(tmp_path_factory.mktemp("crash") / "wide") as stand:
        yield stand


@pytest.fixture(scope="module")
def cramped(tmp_path_factory) -> Iterator[Stand]:
    """Another one, whose folder lies on a disk of 24 MB."""
    with ExitStack() as stack:
        disk = stack.enter_context(small_disk(tmp_path_factory.mktemp("crash") / "small", 24))
        yield stack.enter_context(standing(disk))


def begun(stand: Stand, name: str, start: Callable[..., Any] = Stand.start) -> tuple[Any, Path]:
    """A run whose fault holds: its process and its folder."""
    stand.write(f"{name}.chaos.yaml", experiment(name, COMPOSE, [HANG]))
    known = set(folders(stand))
    process = start(stand, "run", f"{name}.chaos.yaml", "--json")

    def held() -> list[Path]:
        if isinstance(process, subprocess.Popen) and process.poll() is not None:
            raise AssertionError(
                f"the run ended with {process.returncode} before its fault held: {process.communicate()}"
            )
        return [one for one in set(folders(stand)) - known if holds(one)]

    (folder,) = until(held, 60, "the fault holds", 0.03)
    return process, folder


def folders(stand: Stand) -> list[Path]:
    runs = stand.home / "runs"
    return list(runs.iterdir()) if runs.is_dir() else []


def holds(folder: Path) -> bool:
    return any(event["event"] == "injection_holding" for event in journal(folder))


def judged(stand: Stand, folder: Path) -> dict[str, Any]:
    """The verdict as it is made again from the folder."""
    done = stand.command("report", str(folder), "--judge", "--json")
    assert done.stdout, done.stderr
    verdict: dict[str, Any] = json.loads(done.stdout)
    return verdict


def nothing_left(stand: Stand) -> None:
    assert settled(stand) == []
    assert stand.bystanders.touched() == []


@pytest.mark.drill
def test_two_projects_run_side_by_side_and_neither_feels_the_other(stand, cramped):
    stands = (stand, cramped)
    runs = [begun(one, "beside") for one in stands]
    for stand, (process, folder) in zip(stands, runs, strict=True):
        out, err = process.communicate(timeout=90)
        verdict = json.loads(out)
        assert (verdict["status"], verdict["cleanup"]) == ("completed", "verified"), err
        assert verdict["run"] == folder.name
        nothing_left(stand)


def test_a_few_seeded_kills_leave_nothing_behind(stand):
    seed = int(os.environ.get("REGIONFALL_CRASH_SEED") or random.SystemRandom().randrange(10**6))
    print(f"\nREGIONFALL_CRASH_SEED={seed}")
    known, classes = victims(), families()
    cases = draw(seed, list(known), classes, 0)
    chosen = random.Random(seed).sample(sorted(known), KILLS)
    some = [next(case for case in cases if case.victim == name) for name in chosen]
    companions = {family: kinds[0] for family, kinds in classes.items()}
    for case in some:
        line = carried_out(case, known[case.victim], stand, companions)
        print(case.name, line.to_json())
        assert line.good, line.to_json()


@pytest.mark.drill
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_whoever_stops_a_run_twice_is_told_that_nothing_was_verified_and_faults_end_all_the_same(stand, number, code):
    process, folder = begun(stand, "twice")
    process.send_signal(number)
    time.sleep(0.15)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    if process.returncode != code:  # what the first one asked for may have been done before the second came
        assert process.returncode == 7 and "stopped twice" in err, err
    assert json.loads(out)["status"] in ("aborted", "errored")
    nothing_left(stand)
    assert judged(stand, folder)["verdict"] == "inconclusive"


@pytest.mark.drill
def test_a_terminal_that_is_closed_stops_the_run_in_order(stand):
    def in_a_terminal(stand: Stand, *words: str) -> tuple[int, int]:
        pid, terminal = pty.fork()
        if pid == 0:
            signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whoever runs the tests may have it ignored (nohup)
            os.chdir(stand.directory)
            os.execve(COMMAND[0], [*COMMAND, *(word for word in words if word != "--json")], environ())
        return pid, terminal

    (pid, terminal), folder = begun(stand, "terminal", in_a_terminal)
    os.close(terminal)
    until(lambda: os.waitpid(pid, os.WNOHANG)[0], 60, "the command ends")
    (closed,) = [event for event in journal(folder) if event["event"] == "run_closed"]
    assert (closed["status"], closed["cleanup"]) == ("aborted", "verified")
    assert (folder / "report.html").exists()
    nothing_left(stand)


@pytest.mark.drill
@pytest.mark.parametrize("step", ["+1h", "-1h"])
def test_a_wall_clock_that_is_stepped_while_a_fault_holds_changes_nothing(stand, tmp_path, step):
    (library,) = Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")
    clock = tmp_path / "clock"
    clock.write_text("+0\n", encoding="ascii")
    stepped = {"LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1"}

    def start(stand: Stand, *words: str) -> Any:
        return stand.start(*words, **stepped, FAKETIME_DONT_FAKE_MONOTONIC="1", DONT_FAKE_MONOTONIC="1")

    process, folder = begun(stand, "stepped", start)
    clock.write_text(f"{step}\n", encoding="ascii")
    out, err = process.communicate(timeout=120)
    verdict, events = json.loads(out), journal(folder)
    walls = [datetime.fromisoformat(event["wall"]) for event in events]
    jumps = [abs((later - earlier).total_seconds()) for earlier, later in pairwise(walls)]
    assert max(jumps) > 3000, "the step reached the controller"
    assert (verdict["status"], verdict["cleanup"]) == ("completed", "verified"), err
    (injection,) = verdict["injections"]
    assert injection["state"] == "healed" and injection["effect"]["proved"] and injection["contained"]["proved"]
    held = {event["event"]: event["mono"] for event in events if event.get("injection") == injection["id"]}
    assert held["injection_healed"] - held["injection_holding"] == pytest.approx(HOLD_S, abs=1.5)
    nothing_left(stand)
    assert judged(stand, folder)["verdict"] == verdict["verdict"]


@pytest.mark.drill
def test_a_run_whose_disk_is_full_lifts_its_faults_and_says_so(cramped):
    process, folder = begun(cramped, "full")
    filler = cramped.directory / "filler"
    with filler.open("wb", buffering=0) as file:
        while True:
            try:
                file.write(bytes(65536))
            except OSError:
                break
    try:
        _, err = process.communicate(timeout=90)
        assert process.returncode == 4, err
        assert "No space left" in err or "disk full" in err, err
        nothing_left(cramped)
    finally:
        filler.unlink()
    verdict = judged(cramped, folder)
    assert (verdict["status"], verdict["verdict"]) == ("errored", "inconclusive")


@pytest.mark.drill
def test_a_machine_that_was_suspended_makes_the_run_inconclusive(stand):
    process, folder = begun(stand, "suspended")
    ours = [process.pid]
    for container in stand.containers():
        if container.labels["regionfall.part"] != "guest":
            ours += processes(container)
    for pid in ours:
        os.kill(pid, signal.SIGSTOP)
    time.sleep(LEASE_S + 2)
    for pid in ours:
        os.kill(pid, signal.SIGCONT)
    out, err = process.communicate(timeout=90)
    assert process.returncode == 3, err
    verdict = json.loads(out)
    assert verdict["verdict"] == "inconclusive" and any("it-0" in reason for reason in verdict["reasons"])
    assert verdict["run"] == folder.name
    nothing_left(stand)
