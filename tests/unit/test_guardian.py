"""The guardian without an engine: undo written first, leases, deadlines, foreign containers, a life after a kill."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("docker")

from harness.containers.guardian.acts import Acts, left, off
from harness.containers.guardian.agent import Agent
from harness.containers.guardian.before import UNLIMITED, Before, before_of, same_limits
from harness.containers.guardian.desired import Desired, parse_want
from harness.containers.guardian.disks import Disks
from harness.containers.guardian.engine import Engine, Foreign, Gone, Refused
from harness.containers.guardian.notes import Note, Notes
from harness.containers.guardian.squeeze import Squeeze
from harness.model.act import Act, ContainerAct

LABELS = {"com.docker.compose.project": "ours", "com.docker.compose.service": "db", "regionfall.part": "guest"}


def described(**state: Any) -> dict[str, Any]:
    return {
        "State": {"Running": True, "Paused": False, "OOMKilled": False, "ExitCode": 0} | state,
        "HostConfig": {"NanoCpus": 0, "CpuQuota": 0, "CpuPeriod": 0, "Memory": 0, "MemorySwap": 0, "PidsLimit": None},
        "Config": {"Labels": dict(LABELS)},
    }


class FakeApi:
    """One engine with containers by id; `told` is every act in order."""

    def __init__(self, **containers: dict[str, Any]) -> None:
        self.known = containers
        self.told: list[tuple[str, str]] = []
        self.broken: set[str] = set()
        self.before_act: Callable[[], None] = lambda: None

    def containers(self, *, all: bool, filters: Mapping[str, list[str]]) -> list[dict[str, Any]]:
        wanted = dict(label.split("=", 1) for label in filters["label"] if "=" in label)
        return [
            {"Id": name} for name, found in self.known.items() if wanted.items() <= found["Config"]["Labels"].items()
        ]

    def inspect_container(self, name: str) -> dict[str, Any]:
        from docker.errors import NotFound

        if name not in self.known:
            raise NotFound("no such container")
        return json.loads(json.dumps(self.known[name]))  # type: ignore[no-any-return]

    def _do(self, what: str, name: str, **state: Any) -> None:
        from docker.errors import APIError

        self.before_act()
        if what in self.broken:
            raise APIError(f"{what} does not work today")
        self.told.append((what, name))
        self.known[name]["State"] |= state

    def kill(self, name: str) -> None:
        self._do("kill", name, Running=False, ExitCode=137)

    def stop(self, name: str, timeout: int) -> None:
        self._do("stop", name, Running=False, Restarting=False, ExitCode=143)

    def start(self, name: str) -> None:
        waits = self.known[name]["State"].get("Restarting")  # then a start is taken and does nothing
        self._do("start", name, **({} if waits else {"Running": True, "ExitCode": 0}))

    def pause(self, name: str) -> None:
        self._do("pause", name, Paused=True)

    def unpause(self, name: str) -> None:
        self._do("unpause", name, Paused=False)

    def _url(self, text: str, name: str) -> str:
        return name

    def _post_json(self, name: str, data: dict[str, int]) -> None:
        self._do("update", name)
        self.known[name]["HostConfig"] |= data

    def _raise_for_status(self, answer: None) -> None:
        return None


class Client:
    def __init__(self, api: FakeApi) -> None:
        self.api = api


class Bench:
    """A guardian on a fake engine."""

    def __init__(self, folder: Path, **containers: dict[str, Any]) -> None:
        self.api = FakeApi(**(containers or {"one": described()}))
        self.file = folder / "undo.json"
        self.now = 1000.0
        self.agent = self.life()

    def life(self) -> Agent:
        engine = Engine("ours", Client(self.api))  # type: ignore[arg-type]
        squeeze = Squeeze(engine, "image", {"x": "y"}, lambda _: None)
        return Agent(Acts(engine, Disks({}), squeeze), Notes(self.file), monotonic=lambda: self.now)

    def later(self, seconds: float) -> None:
        """Time passes, and the agent looks what is due."""
        self.now += seconds
        self.agent.tick()

    def want(self, act: ContainerAct | None, left_s: float = 60.0, lease_s: float = 3.0, key: int = 1) -> Any:
        acts = {"it": {"left_s": left_s, "services": {"db": act.to_wire()}}} if act else {}
        return self.agent.want(key, "run", {"lease_s": lease_s, "acts": acts})

    @property
    def state(self) -> dict[str, Any]:
        return self.api.known["one"]["State"]  # type: ignore[no-any-return]

    @property
    def limits(self) -> dict[str, Any]:
        return self.api.known["one"]["HostConfig"]  # type: ignore[no-any-return]


KILL, PAUSE = ContainerAct(Act.KILL), ContainerAct(Act.PAUSE)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_the_undo_is_on_disk_before_anything_is_done(bench: Bench) -> None:
    seen: list[Any] = []
    bench.api.before_act = lambda: seen.append(json.loads(bench.file.read_text()))
    answer = bench.want(KILL)
    assert (answer["missing"], list(answer["holds"])) == ({}, ["it"])
    [[note]] = seen
    assert (note["container"], note["before"]["running"], note["act"]) == ("one", True, {"act": "kill"})


@pytest.mark.parametrize(
    ("act", "did", "undid"),
    [
        (KILL, "kill", "start"),
        (ContainerAct(Act.STOP), "stop", "start"),
        (PAUSE, "pause", "unpause"),
        (ContainerAct(Act.CPU, cpus=0.1), "update", "update"),
        (ContainerAct(Act.PIDS, pids=5), "update", "update"),
        (ContainerAct(Act.MEMORY, memory_bytes=64 << 20), "update", "update"),
    ],
)
def test_each_act_holds_by_read_back_and_is_undone_when_no_longer_wanted(
    bench: Bench, act: ContainerAct, did: str, undid: str
) -> None:
    was = before_of(bench.api.inspect_container("one"))
    assert bench.want(act)["missing"] == {}
    assert bench.api.told == [(did, "one")]
    assert bench.agent.renew(1, 3.0)["holds"] == ["it"]
    assert bench.want(None)["left"] == []
    assert [what for what, _ in bench.api.told] == [did, undid]
    now = before_of(bench.api.inspect_container("one"))
    assert (now.running, now.paused, same_limits(now, was)) == (True, False, True)
    assert json.loads(bench.file.read_text()) == []


def test_wanting_the_same_again_does_nothing_again(bench: Bench) -> None:
    bench.want(KILL)
    bench.want(KILL)
    assert bench.api.told == [("kill", "one")]


def test_the_end_of_the_stream_heals(bench: Bench) -> None:
    bench.want(PAUSE)
    bench.agent.forget(1)
    assert not bench.state["Paused"]


@pytest.mark.parametrize(("left_s", "lease_s"), [(0.2, 3.0), (60.0, 0.2)])
def test_a_deadline_and_a_lease_heal_with_nobody_asking(bench: Bench, left_s: float, lease_s: float) -> None:
    events: list[dict[str, Any]] = []
    bench.agent.listeners.append(events.append)
    bench.want(PAUSE, left_s, lease_s)
    bench.later(0.1)
    assert bench.state["Paused"] and not events
    bench.later(0.2)
    assert not bench.state["Paused"]
    assert events[0]["event"] == ("expired" if left_s < 1 else "lease_expired")


def test_a_lease_that_is_renewed_does_not_run_out(bench: Bench) -> None:
    bench.want(PAUSE, lease_s=0.4)
    for _ in range(8):
        bench.later(0.3)
        assert bench.agent.renew(1, 0.4)["holds"] == ["it"]
    assert bench.state["Paused"]
    bench.later(0.5)
    assert not bench.state["Paused"]


def test_a_new_life_undoes_what_the_file_says(bench: Bench) -> None:
    bench.want(PAUSE)
    second = bench.life()  # the first one was killed: nobody told it anything
    second.recover()
    assert not bench.state["Paused"]
    assert second.status()["injections"] == []
    assert "earlier life" in second.disturbances[0]["what"]


def test_an_undo_that_fails_is_kept_told_and_tried_again(bench: Bench) -> None:
    bench.want(PAUSE)
    bench.api.broken.add("unpause")
    answer = bench.agent.heal()
    assert answer["healed"] == []
    assert "unpause does not work today" in answer["left"][0]
    [row] = bench.agent.status()["injections"]
    assert (row["state"], row["services"]) == ("stuck", ["db"])
    assert json.loads(bench.file.read_text())
    bench.api.broken.clear()
    bench.agent.mend()
    assert not bench.state["Paused"]
    assert json.loads(bench.file.read_text()) == []


def test_what_somebody_else_undid_is_lost_and_not_done_again(bench: Bench) -> None:
    bench.want(KILL)
    bench.api.start("one")
    answer = bench.agent.renew(1, 3.0)
    assert (answer["holds"], answer["lost"]) == ([], {"it": "db runs again"})
    bench.want(KILL)
    assert bench.state["Running"]


def test_a_foreign_container_is_never_touched(tmp_path: Path) -> None:
    foreign = described()
    foreign["Config"]["Labels"]["com.docker.compose.project"] = "ours-too"
    bench = Bench(tmp_path, one=described(), other=foreign)
    engine = Engine("ours", Client(bench.api))  # type: ignore[arg-type]
    for touch in (engine.kill, engine.stop, engine.start, engine.pause, engine.unpause):
        with pytest.raises(Foreign):
            touch("other")
    with pytest.raises(Foreign):
        engine.update("other", {"CpuQuota": 1000})
    assert bench.api.told == []
    with pytest.raises(Gone):
        engine.find("orders")


def test_a_border_of_our_own_is_not_a_guest(tmp_path: Path) -> None:
    border = described()
    border["Config"]["Labels"]["regionfall.part"] = "border"
    bench = Bench(tmp_path, one=border)
    with pytest.raises(Foreign):
        Engine("ours", Client(bench.api)).kill("one")  # type: ignore[arg-type]


def test_a_container_that_is_gone_needs_no_undo(bench: Bench) -> None:
    bench.want(KILL)
    del bench.api.known["one"]
    assert bench.agent.heal() == {"healed": ["it"], "left": []}


def test_a_service_that_does_not_run_cannot_be_harmed(bench: Bench) -> None:
    bench.state["Running"] = False
    answer = bench.want(PAUSE)
    assert answer["missing"]["it"] == ["db: service 'db' does not run (ended): nothing to harm"]
    assert bench.agent.status()["injections"] == []


def test_a_service_that_waits_for_its_next_restart_does_not_run(bench: Bench) -> None:
    """The engine calls it running, and takes a start without doing anything."""
    bench.want(ContainerAct(Act.MEMORY, memory_bytes=8 << 20))
    bench.state.update(Running=True, Restarting=True, ExitCode=137)
    [note] = map(Note.from_wire, bench.agent.notes())
    assert left(bench.api.known["one"], note) == "db does not run (exit code 137)"
    assert bench.agent.heal() == {"healed": ["it"], "left": []}
    assert bench.state["Running"] and not bench.state["Restarting"]
    assert bench.api.told[-2:] == [("stop", "one"), ("start", "one")]


class Killing(FakeApi):
    """Control groups of version 1: a limit below what is in use is refused, and the kernel kills of it all the same."""

    def _post_json(self, name: str, data: dict[str, int]) -> None:
        from docker.errors import APIError

        if self.known[name]["State"]["Running"]:
            self.known[name]["State"] |= {"Running": False, "ExitCode": 137}
            raise APIError("unable to set memory limit: device or resource busy")
        super()._post_json(name, data)

    def info(self) -> dict[str, str]:
        return {"CgroupDriver": "cgroupfs", "CgroupVersion": "1"}

    def stats(self, name: str, stream: bool) -> dict[str, Any]:
        return {"memory_stats": {} if not self.known[name]["State"]["Running"] else {"usage": 1 << 26}}

    def create_host_config(self, **options: Any) -> dict[str, Any]:
        return options

    def create_container(self, *what: Any, **options: Any) -> dict[str, str]:
        self.known["helper"] = described(Running=False)
        return {"Id": "helper"}

    def remove_container(self, name: str, force: bool) -> None:
        del self.known[name]


def test_a_service_that_was_killed_by_a_refused_limit_has_met_its_limit() -> None:
    api = Killing(one=described())
    engine = Engine("ours", Client(api))  # type: ignore[arg-type]
    Squeeze(engine, "image", {}, lambda _: None).begin("one", before_of(described()), 8 << 20)
    assert not api.known["one"]["State"]["Running"] and list(api.known) == ["one"]
    assert api.known["one"]["HostConfig"]["Memory"] == 8 << 20


def test_two_acts_on_one_container_are_refused(bench: Bench) -> None:
    bench.want(PAUSE)
    with pytest.raises(ValueError, match="already held by injection 'it'"):
        bench.agent.want(2, "b", {"lease_s": 3, "acts": {"two": {"left_s": 9, "services": {"db": KILL.to_wire()}}}})
    assert bench.state["Paused"]


def test_a_full_disk_needs_a_volume_of_that_service(bench: Bench) -> None:
    answer = bench.want(ContainerAct(Act.DISK))
    assert "no size-limited volume: nothing to fill" in answer["missing"]["it"][0]
    bench.want(None)
    assert json.loads(bench.file.read_text()) == []


def test_a_restart_loop_turns_until_it_is_undone(bench: Bench) -> None:
    assert bench.want(ContainerAct(Act.RESTART, every_s=1.0))["missing"] == {}
    assert [what for what, _ in bench.api.told] == ["kill", "start"]
    bench.later(0.5)
    assert len(bench.api.told) == 2
    bench.later(0.6)
    assert [what for what, _ in bench.api.told] == ["kill", "start"] * 2
    bench.want(None)
    turns = len(bench.api.told)
    bench.later(1.2)
    assert len(bench.api.told) == turns
    assert bench.state["Running"]


def test_notes_of_a_journal_are_adopted_by_a_guardian_without_a_file(bench: Bench) -> None:
    message = {"lease_s": 0, "acts": {"it": {"left_s": 9, "services": {"db": PAUSE.to_wire()}}}}
    notes = bench.agent.note("run", message)
    assert bench.api.told == []
    bench.api.pause("one")
    assert bench.agent.adopt(notes) == {"left": []}
    assert not bench.state["Paused"]


def test_an_undo_file_that_is_cut_short_is_kept_aside_and_told(tmp_path: Path) -> None:
    (tmp_path / "undo.json").write_text('[{"injection": "it", "own')
    bench = Bench(tmp_path)
    bench.agent.recover()
    assert "could not be read" in bench.agent.disturbances[0]["what"]
    assert (tmp_path / "undo.unreadable").exists()


@pytest.mark.parametrize(
    "act",
    [{}, {"act": "explode"}, {"act": "cpu"}, {"act": "memory", "memory_bytes": 1}, {"act": "kill", "x": 1}, 7, None],
)
def test_a_malformed_wish_is_refused_and_nothing_happens(bench: Bench, act: Any) -> None:
    acts = {"it": {"left_s": 1, "services": {"db": act}}}
    with pytest.raises((ValueError, KeyError, TypeError, AttributeError)):
        bench.agent.want(1, "run", {"lease_s": 3, "acts": acts})
    assert bench.api.told == []


def test_limits_that_were_there_come_back_exactly() -> None:
    nano = before_of(described() | {"HostConfig": {"NanoCpus": 500_000_000, "Memory": 1 << 30, "MemorySwap": 2 << 30}})
    assert nano.cpu_update(0.1) == {"NanoCpus": 100_000_000}
    assert nano.cpu_update() == {"NanoCpus": 500_000_000}
    assert nano.memory_update(1 << 20) == {"Memory": 1 << 20, "MemorySwap": 1 << 20}
    assert nano.memory_update() == {"Memory": 1 << 30, "MemorySwap": 2 << 30}
    free = Before(True, False)
    assert free.cpu_update() == {"CpuPeriod": 100_000, "CpuQuota": -1}
    assert free.memory_update() == {"Memory": UNLIMITED, "MemorySwap": UNLIMITED}
    assert free.pids_update() == {"PidsLimit": -1}
    lifted = before_of(described() | {"HostConfig": {**free.cpu_update(), **free.memory_update(), "PidsLimit": 0}})
    assert same_limits(lifted, free)


def test_what_is_left_is_told_in_words() -> None:
    note = Note("it", "run", "db", "one", KILL, Before(True, False), 0.0)
    assert left(described(Running=False, ExitCode=137), note) == "db does not run (exit code 137)"
    assert left(described(), note) == ""
    assert off(described(), note) == "db runs again"


def test_a_lost_wish_that_is_wanted_again_stays_lost() -> None:
    desired = Desired()
    message = {"lease_s": 3, "acts": {"it": {"left_s": 9, "services": {"db": {"act": "kill"}}}}}
    desired.want(1, parse_want(message, "run", 0.0))
    next(wish for _, wish in desired.all()).lost = "db runs again"
    desired.want(1, parse_want(message, "run", 1.0))
    owner = desired.owner(1)
    assert owner is not None
    assert owner.lost == {"it": "db runs again"}


def test_a_full_disk_is_filled_and_emptied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.containers.guardian.disks.MOST_BYTES", 1 << 62)
    disks = Disks({"db": str(tmp_path)})
    disks.fill("db", disks.free("db") - 5_000_000)
    assert disks.filled("db")
    assert (tmp_path / ".regionfall-full").stat().st_size > 1_000_000
    disks.empty("db")
    assert not disks.filled("db")
    monkeypatch.setattr("harness.containers.guardian.disks.MOST_BYTES", 1 << 10)
    with pytest.raises(Refused, match="not size-limited"):
        disks.fill("db", 0)


def test_renewing_does_not_wait_for_a_long_act(bench: Bench) -> None:
    bench.want(PAUSE)
    busy, done = threading.Event(), threading.Event()
    bench.api.before_act = lambda: (busy.set(), done.wait(30))[1]
    thread = threading.Thread(target=bench.agent.heal)
    thread.start()
    try:
        assert busy.wait(10)
        assert bench.agent.renew(1, 3.0)["left_s"] == 3.0
        assert thread.is_alive(), "the act is still under way"
    finally:
        done.set()
        thread.join()
