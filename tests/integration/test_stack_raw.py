"""The mock stack on plain Compose, without proxies: every dependent does under trouble what its strategy says.

Trouble is made from outside, by flags of providers and by pausing containers; nobody tells a dependent anything.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from ruamel.yaml import YAML

from harness.cluster.images import ensure_images

pytestmark = (
    pytest.mark.drill
)  # all 39 services come up for it; the slice of the replay is what `make test` does of them

COMPOSE = Path(__file__).parents[2] / "compose" / "compose.yaml"
SERVICES: dict[str, dict[str, Any]] = YAML(typ="safe").load(COMPOSE)["services"]
QUICK = """
services:
  gateway-pool: {environment: {REPLACE: 200ms, RETRY: 200ms, LATCH_EVERY: 100ms}}
  air-switch: {environment: {CHECK_EVERY: 200ms, CHECK_TIMEOUT: 1s}}
  air-ctrl: {environment: {CHECK_EVERY: 200ms, CHECK_TIMEOUT: 1s, NAME_TTL: 200ms}}
"""
ASK = """
import json, sys, urllib.request as web
def ask(method, url, body):
    data = json.dumps(body).encode() if body is not None else (b"" if method != "GET" else None)
    try:
        with web.urlopen(web.Request(url, data, method=method), timeout=8) as answer:
            return answer.status, answer.read(100).decode()
    except web.HTTPError as answer:
        return answer.code, answer.read(100).decode()
    except OSError as problem:
        return 0, str(problem)
for line in sys.stdin:
    print(json.dumps(ask(*json.loads(line))), flush=True)
"""
Asker = Callable[..., tuple[int, str]]


class Stack:
    """The running project, asked from inside one of its containers."""

    def __init__(self, override: Path) -> None:
        self.project = f"rfh-{uuid4().hex[:6]}"
        self.files = ["-f", str(COMPOSE), "-f", str(override)]
        self.line: subprocess.Popen[str] | None = None

    def compose(self, *words: str) -> str:
        command = ["docker", "compose", "-p", self.project, *self.files, *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    def start(self) -> None:
        self.compose("up", "-d", "--build", "--quiet-pull")
        command = ["docker", "exec", "-i", f"{self.project}-air-off-1", "python3", "-c", ASK]
        self.line = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def stop(self) -> None:
        if self.line:
            self.line.kill()
        self.compose("down", "-v", "-t", "2")

    def ask(self, url: str, method: str = "GET", body: object = None) -> tuple[int, str]:
        assert self.line and self.line.stdin and self.line.stdout
        self.line.stdin.write(json.dumps([method, f"http://{url}", body]) + "\n")
        self.line.stdin.flush()
        status, text = json.loads(self.line.stdout.readline())
        return int(status), str(text)

    def flag(self, service: str, left_s: float = 60, **flags: object) -> None:
        status, text = self.ask(f"{service}:8080/__faults", "PUT", {"flags": flags, "left_s": left_s})
        assert status == 200, text

    def until(self, url: str, status: int, within_s: float = 20, row: int = 1) -> None:
        """Ask until `row` answers in a row have the status."""
        seen, end = [], time.monotonic() + within_s
        while time.monotonic() < end:
            seen.append(self.ask(url)[0])
            if seen[-row:] == [status] * row:
                return
            time.sleep(0.1)
        pytest.fail(f"{url} did not answer {status} within {within_s} s but {seen[-10:]}")

    def share(self, url: str, n: int) -> float:
        return sum(self.ask(url)[0] == 200 for _ in range(n)) / n

    def engine(self, verb: str, service: str) -> None:
        command = ["docker", verb, f"{self.project}-{service}-1"]
        for _ in range(3):  # freezing a busy container sometimes needs a second try
            done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
            if done.returncode == 0:
                return
        pytest.fail(done.stderr)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    before = os.environ.get("REGIONFALL_BASE")
    os.environ["REGIONFALL_BASE"] = ensure_images(print).base
    override = tmp_path_factory.mktemp("quick") / "quick.yaml"
    override.write_text(QUICK)
    stack = Stack(override)
    try:
        stack.start()
        for url in entries():
            stack.until(url, 200, within_s=60)
        yield stack
    finally:
        stack.stop()
        os.environ.pop("REGIONFALL_BASE")
        if before is not None:
            os.environ["REGIONFALL_BASE"] = before


def entries() -> list[str]:
    """Every entry label as host:port/path."""
    found = []
    for name, service in SERVICES.items():
        if match := re.fullmatch(r"(\d+)/http(/\S*)", str(service["labels"].get("regionfall.entry", ""))):
            found.append(f"{name}:{match[1]}{match[2]}")
    return found


def test_every_entry_answers(stack: Stack) -> None:
    assert {url: stack.ask(url)[0] for url in entries()} == dict.fromkeys(entries(), 200)


@pytest.mark.parametrize("service", [name for name, one in SERVICES.items() if "regionfall.flags" in one["labels"]])
def test_a_provider_reads_its_flags_back_and_refuses_what_it_does_not_know(stack: Stack, service: str) -> None:
    assert stack.ask(f"{service}:8080/__faults") == (200, '{"flags": {}, "left_s": 0.0}')
    status, text = stack.ask(f"{service}:8080/__faults", "PUT", {"flags": {"nonsense": True}, "left_s": 5})
    assert (status, "nonsense" in text) == (400, True)


def test_a_flag_ends_at_its_deadline_with_nobody_lifting_it(stack: Stack) -> None:
    stack.flag("support-desk", left_s=0.5, cases="fail")
    assert stack.ask("operators:8080/case")[0] == 503
    stack.until("operators:8080/case", 200, within_s=5)


def test_changes_of_names_fail_while_answers_go_on(stack: Stack) -> None:
    stack.flag("dns-api", changes="fail")
    assert stack.ask("operators:8080/change")[0] == 503
    assert stack.ask("dns-answers:8080/answer/air-ctrl") == (200, "air-ctrl-east")
    stack.flag("dns-api")
    assert stack.ask("operators:8080/change")[0] == 200


def test_loaded_routes_go_on_when_nobody_can_log_in(stack: Stack) -> None:
    stack.flag("identity", login="fail")
    assert (stack.ask("last-mile:8080/login")[0], stack.share("last-mile:8080/stop", 60)) == (503, 1.0)
    stack.flag("identity")
    assert stack.ask("last-mile:8080/login")[0] == 200


def test_a_payment_needs_its_event_and_half_the_errors_are_half_the_payments(stack: Stack) -> None:
    stack.flag("bus", errors=0.5)
    assert stack.share("wallet-p2p:8080/pay", 60) < 0.75
    stack.flag("bus")
    assert stack.share("wallet-p2p:8080/pay", 20) == 1.0
    sql = "select sum(balance) = 100000000, count(*) > 0 from account, (select count(*) from payment) p"
    command = ["docker", "exec", f"{stack.project}-postgres-1", "psql", "-tAc", sql]
    answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout.strip()
    assert answer == "t|t", "money is neither made nor lost"


def test_a_paused_bus_keeps_events_and_delivers_them_afterwards(stack: Stack) -> None:
    stack.flag("bus", paused=True)
    stack.until("bus-consumer:8080/working", 503, within_s=10)
    assert stack.ask("bus:8080/events", "POST")[0] == 202
    assert stack.ask("operators:8080/event")[0] == 503
    stack.flag("bus")
    stack.until("bus-consumer:8080/working", 200, within_s=10)
    stack.until("operators:8080/event", 200, within_s=30, row=5)


def test_the_gateway_is_mended_by_launches_and_the_phone_lines_come_after_it(stack: Stack) -> None:
    stack.flag("control-api", launch="fail")
    stack.flag("gateway-pool", latch=5)
    stack.until("air-phone:8080/phone", 503, within_s=20, row=6)
    assert 0.25 <= stack.share("gateway:8080/call", 240) <= 0.5
    assert stack.share("air-phone:8080/web", 10) == 1.0
    stack.flag("gateway-pool")
    assert stack.share("gateway:8080/call", 120) < 0.6, "lifting the fault does not mend what is latched"
    stack.flag("control-api")
    stack.until("gateway:8080/call", 200, within_s=20, row=16)
    stack.until("air-phone:8080/phone", 200, within_s=20, row=6)


def test_the_warm_west_takes_over_by_itself_and_keeps_it(stack: Stack) -> None:
    stack.engine("pause", "air-switch-east")
    try:
        stack.until("air-switch:8080/board", 200, within_s=20, row=5)
    finally:
        stack.engine("unpause", "air-switch-east")
    stack.engine("pause", "air-switch-west")
    try:
        stack.until("air-switch:8080/board", 200, within_s=20, row=5)
    finally:
        stack.engine("unpause", "air-switch-west")


def test_a_switch_by_name_waits_for_the_interface_that_changes_names(stack: Stack) -> None:
    stack.flag("dns-api", changes="fail")
    stack.engine("stop", "air-ctrl-east")
    try:
        stack.until("air-ctrl:8080/book", 504, within_s=20, row=10)
        stack.flag("dns-api")
        stack.until("air-ctrl:8080/book", 200, within_s=20, row=5)
        assert stack.ask("dns-answers:8080/answer/air-ctrl") == (200, "air-ctrl-west")
    finally:
        stack.engine("start", "air-ctrl-east")


def test_without_the_private_path_each_dependent_does_what_its_strategy_says(stack: Stack) -> None:
    stack.engine("pause", "bridge")
    try:
        assert stack.share("signup:8080/join", 20) == 1.0, "falls back to the other region"
        assert stack.share("static-east:8080/page", 20) == 1.0, "does not need it"
        assert stack.share("retail-shop:8080/shop", 4) == 1.0, "slow, by the public path"
        assert stack.ask("retail-shop:8080/object-private")[0] == 503
        assert stack.share("retail-shop:8080/object-public", 10) == 1.0
        assert 0.7 <= stack.share("video-multi:8080/play", 50) <= 0.78, "the share of the east is lost"
    finally:
        stack.engine("unpause", "bridge")
