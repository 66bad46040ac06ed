"""A region of 400 inner edges and a second one with 100 edges into it: two real borders, callers and callees."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "tests")]

from border_bench import World, cell, eventually  # noqa: E402
from docker.models.containers import Container  # noqa: E402
from echo import FIRST_PORT  # noqa: E402
from observed import Ping  # noqa: E402

from harness.cluster.control import ExecStream  # noqa: E402
from harness.model.stack import Edge, Service, Stack  # noqa: E402

API_PORT = 18000
PERIOD_S = 0.2


class Lines:
    """A Python program in a container, spoken with line by line."""

    def __init__(self, container: Container, file: str, *words: str) -> None:
        self._stream = ExecStream(container, ["python3", "-u", "-c", (HERE / file).read_text(), *words])
        self._frames = self._stream.frames()
        self._rest = b""

    def say(self, line: str) -> None:
        """To its standard input."""
        self._stream.send(line.encode() + b"\n")

    def answer(self) -> Any:
        """Its next line, as JSON; RuntimeError with what it complained when it ended."""
        while b"\n" not in self._rest:
            number, body = next(self._frames, (0, b""))
            if number != 1:
                raise RuntimeError(f"a program of the bench ended or complained: {body.decode(errors='replace')}")
            self._rest += body
        line, _, self._rest = self._rest.partition(b"\n")
        return json.loads(line)

    def close(self) -> None:
        """Ends it."""
        self._stream.close()


class Region(World):
    """`callers` services in the east and `far` ones in the west, each calling all `callees` services of the east."""

    def __init__(self, stack: ExitStack, *, callers: int, far: int, callees: int) -> None:
        super().__init__(stack)
        self.period_s = PERIOD_S
        self._names = {
            "east": [f"shop-{n:02d}" for n in range(callers)],
            "west": [f"branch-{n:02d}" for n in range(far)],
        }
        self._callees = [f"store-{n:02d}" for n in range(callees)]
        self.stack = self._stack_model()
        here, h = self.network("callers")
        there, t = self.network("far")
        stores, s = self.network("stores")
        backbone, b = self.network("backbone")
        callee = s + "3"
        near = [self._edge(edge, n, f"{callee}:{edge.port}") for n, edge in self._numbered("east")]
        self._far_of = {edge.id: f"198.19.{128 + n // 250}.{1 + n % 250}" for n, edge in self._numbered("west")}
        crossing = [self._edge(edge, n, f"{self._far_of[edge.id]}:{edge.port}") for n, edge in self._numbered("west")]
        forwards = [
            {"id": e.id, "callee": e.callee, "far": self._far_of[e.id], "port": e.port, "to": f"{callee}:{e.port}"}
            for _, e in self._numbered("west")
        ]
        east = {"border": "east", "cells": [cell("callers", h), cell("stores", s)], "edges": near}
        west = {"border": "west", "cells": [cell("far", t)], "edges": crossing}
        routes = [{"to": address, "via": b + "2"} for address in self._far_of.values()]
        east |= {"backbone": {"address": b + "2", "prefix": 29}, "forwards": forwards}
        west |= {"backbone": {"address": b + "3", "prefix": 29}, "routes": routes}
        self.containers = {
            "east": self.border(east, [(here, h + "2"), (stores, s + "2"), (backbone, b + "2")]),
            "west": self.border(west, [(there, t + "2"), (backbone, b + "3")]),
        }
        self._servers = {"east": callers, "west": far}
        echo = ["python3", "-c", (HERE / "echo.py").read_text(), str(callees)]
        self.guest("stores", stores, callee, entrypoint=echo, environment={}).start()
        guests = {
            "east": self.guest("callers", here, h + "3", entrypoint=["sleep", "infinity"], environment={}),
            "west": self.guest("far", there, t + "3", entrypoint=["sleep", "infinity"], environment={}),
        }
        for guest in guests.values():
            guest.start()
        self.borders = {region: self.control(container) for region, container in self.containers.items()}
        self.crowds = {region: self._crowd(region, guest) for region, guest in guests.items()}

    def pings(self) -> list[Ping]:
        """Every question since the last call, of all callers, in the order in which they were asked."""
        for crowd in self.crowds.values():
            crowd.say("take")
        rows = [tuple(row) for crowd in self.crowds.values() for row in crowd.answer()]
        return sorted(rows, key=lambda row: row[1])

    def behave(self, period_s: float, patience_s: float) -> None:
        """How often callers ask, and how long they wait before they hang up."""
        self.period_s = period_s
        for crowd in self.crowds.values():
            crowd.say(f"period {period_s}")
            crowd.say(f"patience {patience_s}")

    def all_answer(self) -> None:
        """Waits until every edge answers every question; AssertionError after 20 s."""

        def well() -> bool:
            self.pings()
            time.sleep(3 * self.period_s)
            settled = time.monotonic_ns() - int(self.period_s * 1e9)
            rows = [row for row in self.pings() if row[1] < settled]
            return all(row[2] for row in rows) and len({row[0] for row in rows}) == len(self.stack.edges)

        eventually(well, 20)

    def replaced(self) -> list[str]:
        """Disturbances that the borders reported so far."""
        return [event["what"] for _, event in self.events if event["event"] == "disturbance"]

    @contextmanager
    def plain(self) -> Iterator[list[Lines]]:
        """toxiproxy-python in every border, ready to loop; the agents stand still meanwhile and do not interfere."""
        pids = []
        for container in self.containers.values():
            container.reload()
            pids.append(int(container.attrs["State"]["Pid"]))
        loops = [
            Lines(container, "plain_loop.py", str(API_PORT), str(self._servers[region]))
            for region, container in self.containers.items()
        ]
        found = sum(loop.answer()["proxies"] for loop in loops)
        assert found == len(self.stack.edges), f"{found} proxies for {len(self.stack.edges)} edges"
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield loops
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
            for loop in loops:
                loop.close()

    def _stack_model(self) -> Stack:
        services = [Service(name, region) for region, names in self._names.items() for name in names]
        services += [Service(name, "east") for name in self._callees]
        edges = [
            Edge(caller, callee, FIRST_PORT + n, caller_region=region, callee_region="east")
            for region, names in self._names.items()
            for caller in names
            for n, callee in enumerate(self._callees)
        ]
        return Stack(self.prefix, tuple(services), tuple(edges))

    def _numbered(self, region: str) -> list[tuple[int, Edge]]:
        return [(n, edge) for n, edge in enumerate(self.stack.edges) if edge.caller_region == region]

    def _edge(self, edge: Edge, number: int, upstream: str) -> dict[str, Any]:
        names = {"id": edge.id, "caller": edge.caller, "callee": edge.callee}
        return names | {"listen": _address(number), "port": edge.port, "upstream": upstream}

    def _crowd(self, region: str, guest: Container) -> Lines:
        edges = [(n, _address(n), edge.port) for n, edge in self._numbered(region)]
        crowd = Lines(guest, "callers.py")
        self._stack.callback(crowd.close)
        crowd.say(json.dumps({"edges": edges, "period_s": PERIOD_S, "patience_s": PERIOD_S}))
        return crowd


def _address(number: int) -> str:
    return f"198.19.{number // 250}.{1 + number % 250}"
