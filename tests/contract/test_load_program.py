"""The load program against a real server, as a local process: the same program that runs in the load container."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.containers.load.schedule import schedule
from harness.model.errors import LoadError
from harness.model.load import Flow, Load, Outcome, RatePoint, Sample
from harness.model.plan import Phase, Plan
from harness.model.stack import Stack
from harness.workload.order import order_of
from harness.workload.run import LoadRun
from harness.workload.streams import STDERR, STDOUT

SERVER = Path(__file__).parent / "load_server.py"
ROOT = Path(__file__).parents[2]


class LocalStream:
    """The load program as a child of the test instead of an exec in a container."""

    def __init__(self, _container: object, command: Sequence[str]) -> None:
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            [sys.executable, *command[1:]], cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0
        )
        assert self.process.stdin and self.process.stdout and self.process.stderr
        self._in, self._out, self._err = self.process.stdin, self.process.stdout, self.process.stderr

    def send(self, data: bytes) -> None:
        self._in.write(data)

    def receive(self, timeout_s: float) -> list[tuple[int, bytes]] | None:
        ready, _, _ = select.select([self._out, self._err], [], [], timeout_s)
        packets = [(STDOUT if pipe is self._out else STDERR, os.read(pipe.fileno(), 65536)) for pipe in ready]
        if (STDOUT, b"") in packets:
            return None
        return [packet for packet in packets if packet[1]]

    def close(self) -> None:
        self._in.close()

    def exit_code(self) -> int | None:
        return self.process.wait(5)


class Server:
    def __init__(self, port: int = 0) -> None:
        arguments = [sys.executable, str(SERVER), "127.0.0.1", str(port)]
        self.process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        self.port = int(self.process.stdout.readline())
        self.url = f"http://127.0.0.1:{self.port}"

    def seen(self) -> dict[str, int]:
        with urllib.request.urlopen(f"{self.url}/seen", timeout=5) as response:
            seen: dict[str, int] = json.load(response)
            return seen

    def signal(self, number: int) -> None:
        os.kill(self.process.pid, number)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(5)


@pytest.fixture
def server() -> Iterator[Server]:
    started = Server()
    yield started
    started.kill()


def plan_of(*flows: Flow, rate: float = 100, seconds: float = 2, **load: object) -> Plan:
    settings = {"arrivals": "even", "slots": 200} | load
    return Plan(
        name="load", title="", file="", sha256="", seed=7, stack=Stack("p", (), ()), warmup_s=0.0,
        load=Load(rates=(RatePoint(0.0, rate),), flows=flows, **settings),  # type: ignore[arg-type]
        phases=(Phase("steady", -seconds, 0.0),), injections=(),
    )  # fmt: skip


def flow(path: str = "/", name: str = "a", deadline_s: float = 2.0, **more: object) -> Flow:
    return Flow(name=name, service=name, port=1, path=path, deadline_s=deadline_s, **more)  # type: ignore[arg-type]


class Result:
    def __init__(self) -> None:
        self.samples: list[Sample] = []
        self.events: list[str] = []
        self.streams: list[LocalStream] = []
        self.run: LoadRun
        self.zero_s = 0.0

    def _open(self, container: object, command: Sequence[str]) -> LocalStream:
        self.streams.append(LocalStream(container, command))
        return self.streams[-1]

    def start(self, plan: Plan, url: str) -> None:
        targets = {flow.name: url for flow in plan.load.flows}
        self.run = LoadRun(
            None, plan, targets, on_samples=self.samples.extend, on_event=self._hear, open_stream=self._open
        )
        self.zero_s = self.run.start()

    def _hear(self, event: Mapping[str, str]) -> None:
        self.events.append(event["kind"])

    def at(self, moment_s: float) -> None:
        """Sleep until this second of the run's clock."""
        time.sleep(max(0.0, self.zero_s + moment_s - time.monotonic()))

    def now_us(self) -> int:
        """The run's clock."""
        return round((time.monotonic() - self.zero_s) * 1e6)

    def outcomes(self) -> Counter[Outcome]:
        return Counter(sample.outcome for sample in self.samples)

    def was_disturbed(self, before_s: float) -> bool:
        """Whether answers took five times as long before anything was done to the server, or arrivals were late."""
        calm = sorted(sample.latency_us for sample in self.samples if sample.due_us < before_s * 1e6)
        return calm[len(calm) * 95 // 100] > 25_000 or self.run.account().lateness_p99_s > 0.01

    def p99_ms(self) -> float:
        latencies = sorted(sample.latency_us for sample in self.samples)
        return latencies[-(-99 * len(latencies) // 100) - 1] / 1000


@contextmanager
def running(plan: Plan, url: str) -> Iterator[Result]:
    result = Result()
    try:
        result.start(plan, url)
        yield result
    finally:
        if result.streams:
            result.run.close()
            result.streams[0].process.kill()
            result.streams[0].process.wait(5)


def whole_run(plan: Plan, url: str, meanwhile: Callable[[Result], None] = lambda _: None) -> Result:
    with running(plan, url) as result:
        meanwhile(result)
        assert result.run.wait(60), "the run did not end"
        assert result.run.error is None
        return result


def test_every_intended_request_gets_one_row_at_its_intended_start(server: Server) -> None:
    plan = plan_of(flow(name="a", weight=3), flow(name="b"), rate=200, arrivals="poisson")
    result = whole_run(plan, server.url)
    planned = [(due_us, "ab"[index]) for due_us, index in schedule(order_of(plan, {}))]
    assert sorted((sample.due_us, sample.flow) for sample in result.samples) == planned
    assert result.outcomes() == {Outcome.OK: len(planned)}
    account = result.run.account()
    assert account.offered == account.rows == len(planned)
    assert result.events == ["ended"]


def test_the_runs_clock_is_the_controllers_clock(server: Server) -> None:
    begin = time.monotonic()
    with running(plan_of(flow(), seconds=1), server.url) as result:
        assert begin < result.zero_s < time.monotonic() + 0.6
        assert result.run.wait(30)
    last_s = max(sample.due_us + sample.latency_us for sample in result.samples) / 1e6
    assert result.zero_s + last_s < time.monotonic()


@pytest.mark.parametrize(("rate", "frozen_s", "seconds"), [(100, 2.0, 6.0)])
def test_a_frozen_server_shows_the_arithmetic_p99(server: Server, rate: int, frozen_s: float, seconds: float) -> None:
    plan = plan_of(flow(deadline_s=10), rate=rate, seconds=seconds, slots=1000)
    measured = []
    for _ in range(3):  # other programs on this machine may disturb an attempt; only a calm one can fail the test
        really_s = [frozen_s]

        def freeze(result: Result, really_s: list[float] = really_s) -> None:
            result.at(seconds / 3)
            server.signal(signal.SIGSTOP)
            begin = time.monotonic()
            time.sleep(frozen_s)
            server.signal(signal.SIGCONT)
            really_s[0] = time.monotonic() - begin

        result = whole_run(plan, server.url, freeze)
        assert result.outcomes() == {Outcome.OK: round(rate * seconds)}
        arithmetic_ms = (really_s[0] - 0.01 * seconds) * 1000
        measured.append((result.p99_ms(), arithmetic_ms))
        if result.p99_ms() == pytest.approx(arithmetic_ms, rel=0.03):
            return
        assert result.was_disturbed(before_s=seconds / 3), measured
    pytest.fail(f"no calm moment in three attempts; p99 against arithmetic, ms: {measured}")


def test_a_killed_server_fails_requests_only_until_it_is_back(server: Server) -> None:
    with running(plan_of(flow(), seconds=60), server.url) as result:
        result.at(1.0)
        killed_us = result.now_us()
        server.kill()
        time.sleep(0.7)
        replacement = Server(server.port)
        try:
            back_us = result.now_us()
            time.sleep(1.0)
            result.run.stop()
        finally:
            replacement.kill()
    bad = [sample for sample in result.samples if sample.outcome is not Outcome.OK]
    assert len(bad) > 50
    assert {sample.outcome for sample in bad} <= {Outcome.REFUSED, Outcome.RESET}
    assert min(sample.due_us + sample.latency_us for sample in bad) >= killed_us
    assert max(sample.due_us for sample in bad) <= back_us
    assert max(sample.due_us for sample in result.samples) > back_us


@pytest.mark.parametrize(
    ("path", "outcome", "status"),
    [
        ("/status/503", Outcome.BAD_STATUS, 503),
        ("/redirect", Outcome.BAD_STATUS, 302),
        ("/close", Outcome.RESET, 0),
        ("/half", Outcome.RESET, 0),
        ("/hang", Outcome.TIMEOUT, 0),
    ],
)
def test_a_failure_is_named_after_its_cause(server: Server, path: str, outcome: Outcome, status: int) -> None:
    plan = plan_of(flow("/", name="fine"), flow(path, name="bad", deadline_s=0.5), rate=40, seconds=1)
    result = whole_run(plan, server.url)
    assert {(s.outcome, s.status) for s in result.samples if s.flow == "bad"} == {(outcome, status)}
    assert {s.outcome for s in result.samples if s.flow == "fine"} == {Outcome.OK}


def test_an_intended_request_is_sent_exactly_once_even_when_the_server_hangs_up(server: Server) -> None:
    plan = plan_of(flow("/", name="fine"), flow("/close", name="bad"), rate=40, seconds=1)
    whole_run(plan, server.url)
    assert server.seen()["/close"] == 20


def test_a_timeout_stands_at_its_deadline_and_is_given_up_there(server: Server) -> None:
    plan = plan_of(flow("/", name="fine"), flow("/hang", name="bad", deadline_s=0.5), rate=40, seconds=1)
    with running(plan, server.url) as result:
        assert result.run.wait(1 + 0.5 + 1 + 5)
    assert {s.latency_us for s in result.samples if s.flow == "bad"} == {500_000}


def test_too_few_slots_are_missing_slots_not_lateness(server: Server) -> None:
    plan = plan_of(flow("/", name="fine"), flow("/slow", name="bad", deadline_s=1.5), rate=60, seconds=3, slots=5)
    result = whole_run(plan, server.url)
    account = result.run.account()
    missing = [sample for sample in result.samples if sample.outcome is Outcome.NO_SLOT]
    assert account.rows == account.offered == 180
    assert account.no_slot == len(missing) > 60
    assert {sample.latency_us for sample in missing} <= {1_500_000, 2_000_000}
    assert sorted(sample.late_us for sample in missing)[len(missing) // 2] < 500_000


def test_a_body_is_sent_as_json_and_read_back_whole(server: Server) -> None:
    plan = plan_of(flow("/echo", method="POST", body='{"sku": 1}'), rate=50, seconds=1)
    assert whole_run(plan, server.url).outcomes() == {Outcome.OK: 50}
    assert server.seen()["/echo"] == 50 + 1


@pytest.mark.parametrize(
    ("connections", "least", "most"), [("keep-alive", 1, 20), ("new", 100, 100), ("recycle 10", 10, 30)]
)
def test_connections_are_reused_as_asked(server: Server, connections: str, least: int, most: int) -> None:
    whole_run(plan_of(flow(), rate=100, seconds=1, connections=connections), server.url)
    opened_for_load = server.seen()["connections"] - 2
    assert least <= opened_for_load <= most


def test_a_service_that_does_not_answer_stops_the_run_before_any_load() -> None:
    dead = Server()
    dead.kill()
    with pytest.raises(LoadError, match=rf"flow 'a'.*127\.0\.0\.1:{dead.port}.*no HTTP answer.*check that"):
        whole_run(plan_of(flow()), dead.url)


def test_stopping_early_delivers_every_sample_so_far(server: Server) -> None:
    with running(plan_of(flow("/slow"), rate=50, seconds=60), server.url) as result:
        result.at(2.0)
        result.run.stop()
        account = result.run.account()
        assert result.run.finished
        assert account.offered == account.rows == len(result.samples)
        assert 80 <= account.rows <= 130
        assert set(result.outcomes()) == {Outcome.OK}


def test_a_load_program_that_is_killed_is_reported_at_once_with_what_is_missing(server: Server) -> None:
    with running(plan_of(flow(), rate=100, seconds=60), server.url) as result:
        result.at(1.0)
        result.streams[0].process.kill()
        assert result.run.wait(5)
        assert "ended with code -9" in str(result.run.error)
        assert result.events == ["lost"]
        account = result.run.account()
        assert 0 < account.rows < account.offered < 1000


def test_the_program_dies_with_its_controller(server: Server) -> None:
    with running(plan_of(flow(), seconds=60), server.url) as result:
        result.streams[0].close()
        assert result.streams[0].process.wait(5) == 3


def test_a_frozen_load_program_is_noticed_and_its_lateness_counted(server: Server) -> None:
    with running(plan_of(flow(), rate=100, seconds=6), server.url) as result:
        process = result.streams[0].process
        result.at(0.5)
        os.kill(process.pid, signal.SIGSTOP)
        result.at(4.5)
        os.kill(process.pid, signal.SIGCONT)
        assert result.run.wait(30)
        account = result.run.account()
    assert result.events == ["silent", "ended"]
    assert account.offered == account.rows == 600
    assert account.late > 300
    assert account.lateness_p99_s > 3


def test_more_slots_than_open_files_are_allowed_is_said_before_any_load(server: Server) -> None:
    with pytest.raises(LoadError, match=r"\d+ slots need \d+ open files, the load container allows \d+; lower"):
        whole_run(plan_of(flow(), slots=10**10), server.url)
