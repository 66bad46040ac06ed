"""The guardian on the real engine: every act really holds, is really undone, and nobody needs to be alive for it."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import docker
import pytest

from harness.cluster.down import sweep
from harness.cluster.guardian import Guardian, GuardianBox
from harness.cluster.images import ensure_images
from harness.model.act import Act, ContainerAct
from harness.model.labels import COMPOSE_PROJECT, COMPOSE_SERVICE, LABEL_HOME, LABEL_PART, LABEL_RUN

HOG = "import time; kept = bytearray(60_000_000)\nwhile True: time.sleep(0.2)"
LIMIT = 24 << 20


class Field:
    """One guest of a project of our own, one container of somebody else, and the guardian between them."""

    def __init__(self, stack: ExitStack) -> None:
        self.docker = docker.from_env()
        self.images = ensure_images(print)
        self.name = f"rfg-{uuid.uuid4().hex[:6]}"
        self.labels = {LABEL_HOME: f"/nowhere/{self.name}", LABEL_RUN: "run-1"}
        stack.callback(self.clean)
        self.volume = f"{self.name}_disk"
        size = {"type": "tmpfs", "device": "tmpfs", "o": "size=16m"}
        ours = {COMPOSE_PROJECT: self.name, **self.labels}
        self.docker.volumes.create(self.volume, driver="local", driver_opts=size, labels=ours)
        self.guest = self._run(ours | {COMPOSE_SERVICE: "db", LABEL_PART: "guest"}, {self.volume: {"bind": "/data"}})
        self.foreign = self._run({COMPOSE_PROJECT: f"{self.name}-too", COMPOSE_SERVICE: "db", LABEL_PART: "guest"}, {})
        self.box = GuardianBox(self.docker, self.name, self.labels)
        self.events: list[dict[str, Any]] = []

    def _run(self, labels: dict[str, str], volumes: dict[str, dict[str, str]]) -> Any:
        return self.docker.containers.run(
            self.images.base,
            ["python3", "-c", HOG],
            detach=True,
            network_mode="none",
            stop_signal="SIGKILL",
            labels=labels,
            volumes=volumes,
        )

    def clean(self) -> None:
        sweep(self.docker, self.labels)
        self.foreign.remove(force=True)

    def start(self) -> Any:
        return self.box.start(self.images.guardian, {"db": self.volume})

    def connect(self, owner: str = "test") -> Guardian:
        return self.box.connect(owner, lambda _, event: self.events.append(event))

    @property
    def state(self) -> dict[str, Any]:
        self.guest.reload()
        return self.guest.attrs["State"]  # type: ignore[no-any-return]

    def inside(self, *command: str) -> str:
        return str(self.guest.exec_run(list(command)).output.decode())


@pytest.fixture(scope="module")
def field() -> Iterator[Field]:
    with ExitStack() as stack:
        made = Field(stack)
        made.start()
        yield made


@pytest.fixture
def guardian(field: Field) -> Iterator[Guardian]:
    control = field.connect()
    yield control
    assert control.heal()["left"] == []
    control.close()
    assert field.state["Running"]


def eventually(true: Callable[[], Any], patience_s: float = 15.0) -> float:
    begun = time.monotonic()
    while not true():
        assert time.monotonic() - begun < patience_s, "not in time"
        time.sleep(0.05)
    return time.monotonic() - begun


def full(field: Field) -> bool:
    return "No space left" in field.inside("sh", "-c", "head -c 300000 /dev/zero > /data/more; rm -f /data/more")


def cgroup(field: Field, name: str) -> int:
    """A limit as the kernel holds it, read inside the guest."""
    return int(field.inside("cat", f"/sys/fs/cgroup/{name}").strip().replace("max", "-1"))


def limited(field: Field, name: str) -> bool:
    return bool(field.docker.api.inspect_container(field.guest.id)["HostConfig"][name] not in (0, None, -1))


HOLDS: dict[Act, tuple[ContainerAct, Callable[[Field], bool]]] = {
    Act.KILL: (ContainerAct(Act.KILL), lambda f: not f.state["Running"]),
    Act.STOP: (ContainerAct(Act.STOP), lambda f: not f.state["Running"]),
    Act.PAUSE: (ContainerAct(Act.PAUSE), lambda f: bool(f.state["Paused"])),
    Act.CPU: (ContainerAct(Act.CPU, cpus=0.05), lambda f: limited(f, "CpuQuota")),
    Act.PIDS: (ContainerAct(Act.PIDS, pids=30), lambda f: limited(f, "PidsLimit")),
    Act.MEMORY: (ContainerAct(Act.MEMORY, memory_bytes=LIMIT), lambda f: bool(f.state["OOMKilled"])),
    Act.DISK: (ContainerAct(Act.DISK), full),
}


@pytest.mark.parametrize("act", list(HOLDS))
def test_an_act_holds_and_is_undone(field: Field, guardian: Guardian, act: Act) -> None:
    asked, holds = HOLDS[act]
    begun = time.monotonic()
    answer = guardian.want({"it": (60.0, {"db": asked})}, 30.0)
    held_s = time.monotonic() - begun
    assert answer["missing"] == {}
    assert holds(field)
    [row] = guardian.status()["injections"]
    assert (row["id"], row["services"], row["act"], row["state"]) == ("it", ["db"], act, "holding")
    assert 50 < row["left_s"] < 60
    begun = time.monotonic()
    assert guardian.want({}, 30.0)["left"] == []
    healed_s = time.monotonic() - begun
    assert field.state["Running"]
    assert not field.state["Paused"]
    assert not full(field)
    assert guardian.notes() == []
    print(f"\n{act}: {held_s * 1000:.0f} ms to hold, {healed_s * 1000:.0f} ms to heal")


def test_after_a_memory_limit_was_lifted_the_service_may_use_all_again(field: Field, guardian: Guardian) -> None:
    guardian.want({"it": (60.0, {"db": HOLDS[Act.MEMORY][0]})}, 30.0)
    eventually(lambda: field.state["ExitCode"] == 137)  # killed now, or as soon as it grows into its limit
    guardian.want({}, 30.0)
    assert field.guest.exec_run(["python3", "-c", "kept = bytearray(150_000_000)"]).exit_code == 0


def test_a_restart_loop_turns(field: Field, guardian: Guardian) -> None:
    began = field.state["StartedAt"]
    guardian.want({"it": (60.0, {"db": ContainerAct(Act.RESTART, every_s=1.0)})}, 30.0)
    first = field.state["StartedAt"]
    eventually(lambda: field.state["StartedAt"] not in (began, first))
    guardian.want({}, 30.0)
    assert field.state["Running"]


def test_the_end_of_the_stream_the_lease_and_the_deadline_each_heal(field: Field) -> None:
    paused = {"db": ContainerAct(Act.PAUSE)}
    mortal = field.connect("mortal")
    mortal.want({"it": (60.0, paused)}, 30.0)
    mortal.close()
    print(f"\nend of stream: {eventually(lambda: not field.state['Paused']) * 1000:.0f} ms")
    for left_s, lease_s in ((60.0, 1.0), (1.0, 60.0)):
        silent = field.connect("silent")
        silent.want({"it": (left_s, paused)}, lease_s)
        assert field.state["Paused"]
        print(f"deadline of 1 s: {eventually(lambda: not field.state['Paused']):.2f} s")
        silent.close()


def test_a_killed_guardian_comes_back_and_undoes_what_its_file_says(field: Field) -> None:
    control = field.connect("mortal")
    control.want({"it": (60.0, {"db": ContainerAct(Act.PAUSE)})}, 60.0)
    container = field.box.find()
    field.docker.api.kill(container.id)
    assert field.state["Paused"]
    field.box.restart()
    print(f"\nkilled and started again: {eventually(lambda: not field.state['Paused']):.2f} s")
    assert "earlier life" in field.connect("after").status()["disturbances"][0]["what"]


def test_the_engine_itself_starts_a_guardian_that_died_and_that_heals(field: Field) -> None:
    control = field.connect("mortal")
    control.want({"it": (60.0, {"db": ContainerAct(Act.PAUSE)})}, 60.0)
    container = field.box.find()
    before = container.attrs["State"]["StartedAt"]
    # The first process of a container cannot be killed from within it, and a kill by the engine means "stay down".
    field.docker.containers.run(
        field.images.base,
        ["sh", "-c", f"kill -9 {container.attrs['State']['Pid']}"],
        pid_mode="host",
        network_mode="none",
        labels=field.labels | {COMPOSE_PROJECT: field.name},
        detach=True,
    )
    print(f"\ndied, started by the engine, healed: {eventually(lambda: not field.state['Paused']):.2f} s")
    container.reload()
    assert container.attrs["State"]["StartedAt"] != before


def test_a_guardian_made_anew_finds_the_file_of_the_one_that_is_gone(field: Field) -> None:
    control = field.connect("mortal")
    control.want({"it": (60.0, {"db": ContainerAct(Act.PAUSE)})}, 60.0)
    field.box.find().remove(force=True)
    assert field.state["Paused"]
    field.start()
    eventually(lambda: not field.state["Paused"])


def test_a_service_that_the_engine_restarts_by_itself_runs_when_its_memory_is_given_back(
    field: Field, guardian: Guardian
) -> None:
    """Killed again and again it waits longer each time; the undo must not take that for running."""
    ours = {COMPOSE_PROJECT: field.name, **field.labels, COMPOSE_SERVICE: "again", LABEL_PART: "guest"}
    always = {"Name": "always"}
    again = field.docker.containers.run(
        field.images.base, ["python3", "-c", HOG], detach=True, network_mode="none", labels=ours, restart_policy=always
    )

    def state() -> dict[str, Any]:
        again.reload()
        return again.attrs["State"]  # type: ignore[no-any-return]

    try:
        guardian.want({"it": (60.0, {"again": HOLDS[Act.MEMORY][0]})}, 30.0)
        eventually(lambda: state()["Restarting"] and again.attrs["RestartCount"] >= 4)
        assert guardian.want({}, 30.0)["left"] == []
        now = state()
        assert now["Running"] and not now["Restarting"]
        assert again.attrs["HostConfig"]["RestartPolicy"]["Name"] == "always"
    finally:
        again.remove(force=True)


def test_a_guardian_that_is_asked_to_end_leaves_nothing_behind(field: Field) -> None:
    field.connect("mortal").want({"it": (60.0, {"db": ContainerAct(Act.PAUSE)})}, 60.0)
    field.box.find().stop(timeout=8)
    assert not field.state["Paused"]
    assert field.box.find().attrs["State"]["ExitCode"] == 0
    field.start()


def test_it_sits_on_no_network_and_holds_no_port(field: Field) -> None:
    container = field.box.find()
    assert container.attrs["HostConfig"]["NetworkMode"] == "none"
    assert container.attrs["HostConfig"]["PortBindings"] in (None, {})
    devices = container.exec_run(["cat", "/proc/net/dev"]).output.decode()
    assert [line.split(":")[0].strip() for line in devices.splitlines()[2:]] == ["lo"]


def test_somebody_elses_container_with_the_same_service_name_was_never_touched(field: Field) -> None:
    field.foreign.reload()
    assert field.foreign.status == "running"
    limits = field.foreign.attrs["HostConfig"]
    assert (limits["CpuQuota"], limits["Memory"], limits["PidsLimit"]) == (0, 0, None)
    since = {"since": 0, "until": int(time.time()), "filters": {"container": [field.foreign.id]}}
    told = [json.loads(line)["Action"] for line in _lines(field.docker.api.events(**since))]
    assert set(told) <= {"create", "start"}


def _lines(stream: Any) -> Iterator[str]:
    for chunk in stream:
        yield from chunk.decode().splitlines()


def test_taking_the_stack_away_takes_the_guardian_and_its_file(field: Field) -> None:
    assert field.box.find() is not None
    assert sweep(field.docker, field.labels) == []
    assert field.box.find() is None
    assert not field.box.has_file()
    assert not Path(field.labels[LABEL_HOME]).exists()
