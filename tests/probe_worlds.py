"""Two worlds with the same three services (web, db, cache): a scripted one, and containers behind a real proxy.

Both pass `tests/contract/test_probes.py`; the scripted one stands in for the real one everywhere else.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from border_bench import World as Bench
from border_bench import cell, eventually

from harness.cluster.inside import Inside
from harness.model.errors import NotAnswered, NotMeasured
from harness.model.probe import HttpAnswer, Ran
from harness.model.stack import Service, Stack

SECRET = "hunter2-in-the-database"
STACK = Stack("p", (Service("web", "east"), Service("db", "east"), Service("cache", "east")), ())

WEB = r"""
import json, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
hooks = []
class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *_): pass
    def answer(self, status, body):
        self.send_response(status); self.send_header("Content-Length", str(len(body))); self.end_headers()
        self.wfile.write(body)
    def do_POST(self):
        hooks.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))); self.answer(200, b"{}")
    def do_GET(self):
        path, _, query = self.path.partition("?")
        if path == "/drip":
            self.send_response(200); self.send_header("Content-Length", "1000"); self.end_headers()
            for _ in range(100): self.wfile.write(b"x"); self.wfile.flush(); time.sleep(0.2)
        if path == "/say": print("the pool is exhausted now", flush=True)
        if path == "/hooks": return self.answer(200, json.dumps(hooks).encode())
        if path == "/api/v2/alerts":
            alerts = [{"labels": {"alertname": "HighLatency"}, "status": {"state": "suppressed"}},
                      {"labels": {"alertname": "DiskFull"}, "status": {"state": "active"}}]
            return self.answer(200, json.dumps(alerts).encode())
        if path == "/api/v1/query":
            values = {"query=up": ["1", "1"], "query=ratio": ["NaN"], "query=depth": ["3", "9"]}.get(query, [])
            rows = [{"metric": {}, "value": [1.0, value]} for value in values]
            data = {"resultType": "vector", "result": rows}
            return self.answer(200, json.dumps({"status": "success", "data": data}).encode())
        self.answer(503 if path == "/sick" else 200, b"all is well")
ThreadingHTTPServer(("", 8080), Handler).serve_forever()
"""
HOOK = {"status": "firing", "alerts": [{"status": "firing", "labels": {"alertname": "HighLatency"}}]}
_POST = f"""
import urllib.request
urllib.request.urlopen(urllib.request.Request("http://127.0.0.1:8080/hook", {json.dumps(HOOK)!r}.encode()))
"""


class ScriptedWorld:
    """Answers what the containers below would answer. `stopped` names services that do not run."""

    def __init__(self) -> None:
        self.stopped: set[str] = set()
        self.hooks: list[Any] = []
        self.log: list[str] = []
        self.bytes_per_s: float | None = None
        self.ran: list[tuple[tuple[str, ...], dict[str, str]]] = []

    def http(self, service: str, port: int, path: str, timeout_s: float) -> HttpAnswer:
        self.tcp(service, port, timeout_s)
        path, _, query = path.partition("?")
        if path == "/drip":
            raise NotAnswered("no answer in time")
        if path == "/say":
            self.log.append("the pool is exhausted now")
        body: Any = "all is well"
        if path == "/hooks":
            body = self.hooks
        if path == "/api/v2/alerts":
            body = [{"labels": {"alertname": "DiskFull"}, "status": {"state": "active"}}]
        if path == "/api/v1/query":
            values = {"query=up": ["1", "1"], "query=ratio": ["NaN"], "query=depth": ["3", "9"]}.get(query, [])
            body = {"data": {"resultType": "vector", "result": [{"value": [1.0, value]} for value in values]}}
        return HttpAnswer(503 if path == "/sick" else 200, json.dumps(body).encode(), 0.002)

    def tcp(self, service: str, port: int, timeout_s: float) -> float:
        if service in self.stopped:
            raise NotAnswered("no answer in time")
        if (service, port) not in {("web", 8080), ("db", 5432), ("cache", 6379)}:
            raise NotAnswered("refused")
        return 0.001

    def run(
        self, service: str, command: Sequence[str], timeout_s: float, environment: Mapping[str, str] | None = None
    ) -> Ran:
        if service in self.stopped:
            raise NotAnswered(f"the container of {service} does not run")
        self.ran.append((tuple(command), dict(environment or {})))
        return _SCRIPT[command[0]](list(command), dict(environment or {}))

    def variable(self, service: str, name: str) -> str | None:
        return {"DB_PASSWORD": SECRET}.get(name)

    def lines(self, service: str, after: str) -> tuple[list[str], str]:
        begin = int(after or len(self.log))
        return self.log[begin:], str(len(self.log))

    def moved(self, edge: str) -> float | None:
        return self.bytes_per_s

    # -- what a test does to it

    def tell_webhook(self) -> None:
        self.hooks.append(HOOK)

    def stop(self, service: str) -> None:
        self.stopped.add(service)

    def start(self, service: str) -> None:
        self.stopped.discard(service)

    def close(self) -> None: ...


def _psql(words: list[str], environment: dict[str, str]) -> Ran:
    query = words[words.index("-c") + 1]
    if words[words.index("-p") + 1] != "5432":
        return Ran(2, "", "psql: error: connection to server failed")
    if "selct" in query:
        return Ran(1, "", "ERROR:  42601: syntax error")
    if "1/0" in query:
        return Ran(1, "", "ERROR:  22012: division by zero")
    return Ran(0, {"select 7": "7\n", "select 'blue'": "blue\n"}.get(query, "\n"), "")


def _redis(words: list[str], environment: dict[str, str]) -> Ran:
    if words[words.index("-p") + 1] != "6379":
        return Ran(1, "", "Could not connect to Redis at 127.0.0.1:6380: Connection refused")
    command = words[words.index("-p") + 2 :]
    if command == ["LPUSH", "word", "x"]:
        return Ran(0, "WRONGTYPE Operation against a key holding the wrong kind of value\n", "")
    return Ran(0, {"PING": "PONG\n", "STRLEN": "4\n"}.get(command[0], "\n"), "")


def _sleep(words: list[str], environment: dict[str, str]) -> Ran:
    raise NotAnswered("the command did not end within 1 s")


def _missing(words: list[str], environment: dict[str, str]) -> Ran:
    raise NotMeasured("the image of web cannot start it")


_SCRIPT: dict[str, Any] = {
    "psql": _psql,
    "redis-cli": _redis,
    "sleep": _sleep,
    "no-such-program": _missing,
    "true": lambda words, environment: Ran(0, "", ""),
    "false": lambda words, environment: Ran(1, "", ""),
    "echo": lambda words, environment: Ran(0, " ".join(words[1:]) + "\n", ""),
    "getent": lambda words, environment: (
        Ran(0, "127.0.0.1       STREAM localhost\n", "") if words[2] == "localhost" else Ran(2, "", "")
    ),
}


class RealWorld:
    """Three containers in cells of one proxy; the harness's own adapter asks them."""

    def __init__(self, stack: ExitStack) -> None:
        self.bench = Bench(stack)
        image = mock_image(self.bench)
        places = {name: self.bench.network(name) for name in ("web", "db", "cache")}
        cells = [cell(name, start) for name, (_, start) in places.items()]
        joined = [(network, start + "2") for network, start in places.values()]
        border = self.bench.border({"border": "east", "cells": cells}, joined)
        self.containers: dict[str, Any] = {}
        programs: dict[str, dict[str, Any]] = {
            "web": {"command": ["python3", "-c", WEB], "init": True},
            "db": {
                "command": ["postgres", "-c", "listen_addresses=*"],
                "user": "postgres",
                "environment": {"DB_PASSWORD": SECRET},
            },
            "cache": {"command": ["redis-server", "--save", "", "--protected-mode", "no"]},
        }
        self.bench.image = image
        for name, settings in programs.items():
            network, start = places[name]
            self.containers[name] = self.bench.container(name, [(network, start + "3")], **settings)
            self.containers[name].start()
            self.containers[name].reload()
        self.inside = Inside(STACK, {"east": border}, self.containers.__getitem__, lambda edge: None)
        stack.callback(self.inside.close)
        eventually(lambda: self._up("web", 8080) and self._up("db", 5432) and self._up("cache", 6379), 30)
        self.containers["cache"].exec_run(["redis-cli", "SET", "word", "blue"])

    def _up(self, service: str, port: int) -> bool:
        try:
            return self.inside.tcp(service, port, 1.0) > 0
        except (NotAnswered, NotMeasured):
            return False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inside, name)

    def tell_webhook(self) -> None:
        done = self.containers["web"].exec_run(["python3", "-c", _POST])
        assert done.exit_code == 0, done.output

    def stop(self, service: str) -> None:
        self.containers[service].pause()

    def start(self, service: str) -> None:
        self.containers[service].unpause()


def mock_image(bench: Bench) -> str:
    """The image of the mock stack: Python, PostgreSQL and Redis. Built if it is not there."""
    from harness.cluster.images import ensure_images

    if not bench.docker.images.list(name="regionfall-mock"):
        compose = Path(__file__).parents[1] / "compose" / "compose.yaml"
        environ = {**os.environ, "REGIONFALL_BASE": ensure_images(lambda _: None).base}
        subprocess.run(
            ["docker", "compose", "-f", str(compose), "build", "-q", "bridge"], env=environ, check=True, timeout=600
        )
    return "regionfall-mock"
