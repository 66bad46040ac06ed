"""Steps of a timeline: carried out on their clock, with a deadline, and told without secrets."""

from __future__ import annotations

import io
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from harness.containers import call as calling
from harness.model.errors import ClusterError
from harness.model.masking import masked
from harness.model.stack import Entry, Service, Stack
from harness.model.step import Step, StepKind, StepOutcome, StepState
from harness.wiring.hostcommand import run_here
from harness.wiring.output import KEPT_BYTES, LINES, Tail
from harness.wiring.steps import StepDoer

STACK = Stack("shop", (Service("web", "east", entry=Entry(8080)), Service("db", "west")), ())


# -- secrets


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("password hunter2-x is wrong", "password *** is wrong"),
        ("connect postgres://app:hunter2-x@db/shop failed", "connect postgres://***@db/shop failed"),
        ("connect amqp://u:other@mq", "connect amqp://***@mq"),
        ("Authorization: Bearer abcdef0123456789", "Authorization: Bearer ***"),
        ("mode is on", "mode is on"),
        ("port 8080, patience 500ms", "port 8080, patience 500ms"),
    ],
)
def test_secrets_of_a_guest_are_masked(text: str, want: str) -> None:
    assert masked(text, {"hunter2-x", "on", "8080", "500ms"}) == want


def test_a_longer_secret_goes_first_so_that_no_end_of_it_stays() -> None:
    assert masked("abcd-efgh", {"abcd", "abcd-efgh"}) == "***"


# -- output


def test_only_the_end_of_any_amount_of_output_is_kept_and_terminal_codes_are_not() -> None:
    tail = Tail()
    for number in range(200_000):
        tail.feed(b"line %d\n" % number)
    tail.feed(b"\x1b[31mred\n")
    assert len(tail.text()) <= 2 * KEPT_BYTES and len(tail.lines()) == LINES
    assert tail.lines()[-2:] == ("line 199999", " [31mred")


# -- on this machine


def host(*run: str, deadline: float = 10.0, directory: str = "") -> Step:
    return Step("switch", StepKind.HOST, 0.0, deadline, run=run, directory=directory)


def test_a_host_command_sees_no_shell_and_tells_its_code_and_last_lines(tmp_path: Path) -> None:
    code = "import os,sys; print(os.getcwd()); print(sys.argv[1]); sys.exit(3)"
    outcome = run_here(host(sys.executable, "-c", code, "$HOME;ls", directory=str(tmp_path)), {}, threading.Event())
    assert (outcome.state, outcome.status) == (StepState.FAILED, 3)
    assert outcome.lines == (str(tmp_path), "$HOME;ls")


def test_a_host_command_that_is_not_there_failed(tmp_path: Path) -> None:
    outcome = run_here(host("./nothing", directory=str(tmp_path)), {}, threading.Event())
    assert outcome.state is StepState.FAILED and "cannot be started" in outcome.detail


def test_a_host_command_ends_at_its_deadline_with_everything_that_it_started(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    code = (
        f"import subprocess, time; child = subprocess.Popen(['sleep', '60']);"
        f"open({str(pid_file)!r}, 'w').write(str(child.pid)); time.sleep(60)"
    )
    begun = time.monotonic()
    outcome = run_here(host(sys.executable, "-c", code, deadline=1.5), dict(os.environ), threading.Event())
    assert outcome.state is StepState.TIMED_OUT and time.monotonic() - begun < 8
    child = Path(f"/proc/{pid_file.read_text()}/stat")
    deadline = time.monotonic() + 5
    while child.exists() and child.read_text().rsplit(")", 1)[1].split()[0] != "Z":
        assert time.monotonic() < deadline, "the child outlived its step"
        time.sleep(0.05)


def test_a_host_command_is_ended_when_the_run_ends() -> None:
    cut_off = threading.Event()
    threading.Timer(0.2, cut_off.set).start()
    outcome = run_here(host("sleep", "60", deadline=60), dict(os.environ), cut_off)
    assert outcome.state is StepState.CUT_OFF


# -- the program that calls, against a real server


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/drip":
            self.send_response(200)
            self.end_headers()
            for _ in range(100):
                self.wfile.write(b"x")
                time.sleep(0.1)
            return
        self.send_response(202 if json.loads(body) == {"to": "west"} else 400)
        self.end_headers()
        self.wfile.write(b"switching\n")

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()


def order(port: int, path: str = "/x", **more: Any) -> dict[str, Any]:
    base = {"method": "POST", "host": "127.0.0.1", "name": "web", "port": port, "path": path, "deadline_s": 5}
    return base | {"body": '{"to": "west"}'} | more


def test_a_call_answers_with_status_and_body(server: int) -> None:
    assert calling.call(order(server)) == {"status": 202, "body": "switching\n"}


def test_a_call_to_nobody_says_so() -> None:
    assert "refused" in calling.call(order(1))["error"]


def test_a_server_that_drips_cannot_outlast_the_deadline(server: int) -> None:
    import subprocess

    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "harness.containers.call"],
        input=json.dumps(order(server, "/drip", deadline_s=1)) + "\n",
        capture_output=True, text=True, timeout=30, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout)["timeout"] and time.monotonic() - begun < 9


# -- carried out in containers


class Stream:
    """What a command in a container says, then how it ended."""

    def __init__(self, *said: bytes, code: int | None = 0, ends: bool = True) -> None:
        self.said, self.code, self.ends, self.sent = list(said), code, ends, io.BytesIO()
        self.closed = False

    def send(self, data: bytes) -> None:
        self.sent.write(data)

    def receive(self, timeout_s: float) -> list[tuple[int, bytes]] | None:
        if self.said:
            return [(1, self.said.pop(0))]
        return None if self.ends else []

    def exit_code(self) -> int | None:
        return self.code

    def close(self) -> None:
        self.closed = True


class Place:
    """A cluster of names."""

    def __init__(self) -> None:
        self.load_container, self.border_containers = "load", {"east": "proxy-east", "west": "proxy-west"}

    def container(self, service: str) -> str:
        if service == "gone":
            raise ClusterError("service 'gone' has no container")
        return f"container-{service}"

    def address(self, service: str) -> str:
        return "198.18.0.9"

    def secrets(self) -> frozenset[str]:
        return frozenset({"hunter2-x"})


def doer(stream: Stream, asked: list[Any]) -> StepDoer:
    def opened(container: Any, command: Any) -> Stream:
        asked.append((container, tuple(command)))
        return stream

    ticks = iter(range(10**6))
    return StepDoer(Place(), STACK, {}, opened, lambda: next(ticks) * 0.1)  # type: ignore[arg-type]


def run(step: Step, stream: Stream) -> tuple[StepOutcome, list[Any]]:
    asked: list[Any] = []
    return doer(stream, asked).carry_out(step, threading.Event()), asked


def http(port: int, service: str = "web") -> Step:
    return Step("switch", StepKind.HTTP, 0, 5, service=service, port=port, method="POST", path="/x", ok_status=(200,))


def test_a_call_to_an_entry_goes_the_way_of_clients_where_faults_meet_it() -> None:
    stream = Stream(b'{"status": 503, "body": "no primary, hunter2-x\\n"}\n')
    outcome, asked = run(http(8080), stream)
    assert asked[0][0] == "load" and json.loads(stream.sent.getvalue())["host"] == "web"
    assert (outcome.state, outcome.status, outcome.detail) == (StepState.FAILED, 503, "HTTP 503")
    assert outcome.lines == ("no primary, ***",) and stream.closed


def test_a_call_to_any_other_port_comes_from_the_services_own_region() -> None:
    stream = Stream(b'{"status": 200, "body": ""}\n')
    outcome, asked = run(http(9000, "db"), stream)
    assert asked[0][0] == "proxy-west" and json.loads(stream.sent.getvalue())["host"] == "198.18.0.9"
    assert outcome.state is StepState.WORKED


def test_a_call_that_got_no_answer_timed_out() -> None:
    outcome, _ = run(http(8080), Stream(b'{"error": "no complete answer in time", "timeout": true}\n'))
    assert outcome.state is StepState.TIMED_OUT


def test_a_program_that_could_not_call_is_a_failure_with_its_complaint() -> None:
    outcome, _ = run(http(8080), Stream(b"python3: not found\n", code=127))
    assert outcome.state is StepState.FAILED and outcome.lines == ("python3: not found",)


@pytest.mark.parametrize(("code", "state"), [(0, StepState.WORKED), (1, StepState.FAILED), (None, StepState.FAILED)])
def test_a_command_in_a_container_is_told_by_its_exit_code(code: int | None, state: StepState) -> None:
    step = Step("promote", StepKind.EXEC, 0, 5, service="db", run=("pg_ctl", "promote"))
    outcome, asked = run(step, Stream(b"server promoting\n", code=code))
    assert asked == [("container-db", ("pg_ctl", "promote"))]
    assert (outcome.state, outcome.status, outcome.lines) == (state, code, ("server promoting",))


def test_a_command_that_does_not_end_is_left_at_its_deadline() -> None:
    step = Step("promote", StepKind.EXEC, 0, 5, service="db", run=("sleep", "99"))
    outcome, _ = run(step, Stream(b"waiting\n", ends=False))
    assert outcome.state is StepState.TIMED_OUT and "may still run" in outcome.detail


def test_a_container_that_is_not_there_is_the_environment() -> None:
    step = Step("promote", StepKind.EXEC, 0, 5, service="gone", run=("x",))
    with pytest.raises(ClusterError):
        run(step, Stream())
