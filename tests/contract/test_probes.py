"""Every probe against a scripted world and against real containers: the same question gets the same kind of answer."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from probe_worlds import SECRET, RealWorld, ScriptedWorld

from harness.model.objective import Limit
from harness.model.probe import Probe, ProbeKind, State
from harness.probes.catalogue import CATALOGUE
from harness.probes.watch import ask_once

GOOD, BAD, UNKNOWN = State.GOOD, State.BAD, State.UNKNOWN
FIVE = Limit(">= 5", low=5.0)


@pytest.fixture(scope="module", params=["scripted", "real"])
def world(request: pytest.FixtureRequest) -> Iterator[Any]:
    with ExitStack() as stack:
        yield ScriptedWorld() if request.param == "scripted" else RealWorld(stack)


def http(path: str, port: int = 8080, **more: Any) -> Probe:
    return Probe("p", ProbeKind.HTTP, "web", port, path, status=(200,), timeout_s=1.0, **more)


def sql(query: str, **more: Any) -> Probe:
    return Probe("p", ProbeKind.SQL, "db", **{"port": 5432, "query": query, **more})


def redis(*command: str, **more: Any) -> Probe:
    return Probe("p", ProbeKind.REDIS, "cache", **{"port": 6379, "command": command, **more})


def run(*command: str, **more: Any) -> Probe:
    return Probe("p", ProbeKind.EXEC, "web", command=command, timeout_s=1.0, **more)


def prometheus(query: str, limit: Limit) -> Probe:
    return Probe("p", ProbeKind.PROMETHEUS, "web", 8080, "/api/v1/query", query=query, limit=limit)


def names(name: str, *addresses: str) -> Probe:
    return Probe("p", ProbeKind.DNS, "web", looked_up=name, addresses=addresses)


CASES: dict[str, tuple[Probe, State]] = {
    "an answer with its status": (http("/"), GOOD),
    "an answer with its text": (http("/", contains="well"), GOOD),
    "another status": (http("/sick"), BAD),
    "another text": (http("/", contains="ill"), BAD),
    "a port that nobody listens on": (http("/", port=8099), BAD),
    "a server that drips": (http("/drip"), BAD),
    "a connect": (Probe("p", ProbeKind.TCP, "db", 5432), GOOD),
    "a connect that is refused": (Probe("p", ProbeKind.TCP, "db", 5433), BAD),
    "a name that resolves": (names("localhost"), GOOD),
    "a name that leads where it should": (names("localhost", "127.0.0.1"), GOOD),
    "a name that leads elsewhere": (names("localhost", "198.51.100.7"), BAD),
    "a name that does not resolve": (names("nobody.invalid"), BAD),
    "a statement": (sql("select 7"), GOOD),
    "a number of the database": (sql("select 7", limit=FIVE), GOOD),
    "a number of the database that is too small": (sql("select 7", limit=Limit("> 7", low=7.0, low_strict=True)), BAD),
    "a text of the database": (sql("select 'blue'", contains="blue"), GOOD),
    "another text of the database": (sql("select 'blue'", contains="red"), BAD),
    "a statement with a mistake": (sql("selct 7"), UNKNOWN),
    "a statement that fails": (sql("select 1/0"), BAD),
    "a database that does not listen": (sql("select 7", port=5433), BAD),
    "a password out of a variable": (sql("select 7", password_from="DB_PASSWORD"), GOOD),
    "a password out of no variable": (sql("select 7", password_from="NO_SUCH"), UNKNOWN),
    "a ping": (redis("PING", contains="PONG"), GOOD),
    "a number of Redis": (redis("STRLEN", "word", limit=FIVE), BAD),
    "an error of Redis": (redis("LPUSH", "word", "x"), BAD),
    "a Redis that does not listen": (redis("PING", port=6380), BAD),
    "a command": (run("true"), GOOD),
    "a command that fails": (run("false"), BAD),
    "a command that should fail": (run("false", code=1), GOOD),
    "a number that a command prints": (run("echo", "7", limit=FIVE), GOOD),
    "a word where a number is compared": (run("echo", "seven", limit=FIVE), UNKNOWN),
    "a command that hangs": (run("sleep", "60"), BAD),
    "a program that is not there": (run("no-such-program"), UNKNOWN),
    "a query": (prometheus("up", Limit(">= 1", low=1.0)), GOOD),
    "a query of which one series is off": (prometheus("depth", Limit("< 5", high=5.0, high_strict=True)), BAD),
    "a query without data": (prometheus("absent", FIVE), UNKNOWN),
    "a query that divides nothing": (prometheus("ratio", FIVE), UNKNOWN),
    "an alert that fires": (Probe("p", ProbeKind.ALERT, "web", 8080, "/api/v2/alerts", alert="DiskFull"), GOOD),
    "an alert that is silenced": (Probe("p", ProbeKind.ALERT, "web", 8080, "/api/v2/alerts", alert="HighLatency"), BAD),
    "a page that is no list of alerts": (Probe("p", ProbeKind.ALERT, "web", 8080, "/", alert="HighLatency"), UNKNOWN),
    "bytes that nobody counted yet": (Probe("p", ProbeKind.BYTES, edge="web->db:5432"), UNKNOWN),
    "a function that is not there": (Probe("p", ProbeKind.PYTHON, function="nobody-brings-this"), UNKNOWN),
}


@pytest.mark.parametrize("name", CASES)
def test_a_question_gets_its_answer_in_time(world: Any, name: str) -> None:
    probe, expected = CASES[name]
    begun = time.monotonic()
    outcome = ask_once(probe, world, {})
    assert outcome.state is expected, outcome
    assert time.monotonic() - begun < probe.timeout_s + 2.5
    assert (outcome.note == "") is (expected is GOOD), "what is not good says why"
    assert SECRET not in outcome.note


def test_every_kind_is_asked_here() -> None:
    assert {probe.kind for probe, _ in CASES.values()} | {ProbeKind.LOG} == set(CATALOGUE) == set(ProbeKind)


def test_a_log_is_read_from_the_first_look_on(world: Any) -> None:
    probe = Probe("p", ProbeKind.LOG, "web", pattern="pool*exhausted")
    absent = Probe("p", ProbeKind.LOG, "web", pattern="pool*exhausted", absent=True)
    memory: dict[str, str] = {}
    world.http("web", 8080, "/say", 2.0)
    time.sleep(0.2)
    assert ask_once(probe, world, memory).state is UNKNOWN, "what was written before the first look is nobody's answer"
    assert ask_once(probe, world, memory).state is BAD
    world.http("web", 8080, "/say", 2.0)
    time.sleep(0.2)
    mark = dict(memory)
    assert ask_once(probe, world, memory).state is GOOD
    assert ask_once(absent, world, mark).state is BAD
    assert ask_once(absent, world, memory).state is GOOD


def test_a_webhook_that_was_received_is_an_alert_that_fired(world: Any) -> None:
    probe = Probe("p", ProbeKind.ALERT, "web", 8080, "/hooks", alert="HighLatency")
    assert ask_once(probe, world, {}).state is BAD
    world.tell_webhook()
    assert ask_once(probe, world, {}).state is GOOD


def test_a_service_that_does_not_run_is_bad_and_not_unknown(world: Any) -> None:
    world.stop("cache")
    try:
        answers = [
            ask_once(probe, world, {})
            for probe in (Probe("p", ProbeKind.TCP, "cache", 6379, timeout_s=1.0), redis("PING"))
        ]
    finally:
        world.start("cache")
    # A frozen container still accepts in its kernel: the connect says what callers see, the question says more.
    assert answers[1].state is BAD, answers
    assert ask_once(redis("PING"), world, {}).state is GOOD


def test_a_function_beside_the_experiment_asks_what_it_wants(world: Any, tmp_path: Path) -> None:
    file = tmp_path / "stock.py"
    file.write_text(
        "def whole(ask):\n    assert ask.http('web:8080/').status == 200\n    ask.tcp('db:5432')\n    return 7\n"
        "def broken(ask):\n    assert ask.http('web:8080/sick').status == 200, 'orders are sick'\n"
        "def refused(ask):\n    ask.tcp('db:5433')\n"
        "def buggy(ask):\n    return {}['nothing']\n"
        "def silent(ask):\n    return None\n"
    )
    told = {
        name: ask_once(Probe("p", ProbeKind.PYTHON, file=str(file), function=name, limit=FIVE), world, {})
        for name in ("whole", "broken", "refused", "buggy", "silent", "missing")
    }
    assert {name: outcome.state for name, outcome in told.items()} == {
        "whole": GOOD, "broken": BAD, "refused": BAD, "buggy": UNKNOWN, "silent": UNKNOWN, "missing": UNKNOWN,
    }  # fmt: skip
    assert told["broken"].note == "it says no: orders are sick"


def test_a_password_is_handed_over_where_no_list_of_processes_shows_it() -> None:
    world = ScriptedWorld()
    ask_once(sql("select 7", password_from="DB_PASSWORD"), world, {})
    command, environment = world.ran[-1]
    assert SECRET not in " ".join(command)
    assert environment["PGPASSWORD"] == SECRET
