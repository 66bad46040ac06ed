"""A small world for border tests: web -> orders (near) and web -> stock (across two borders), in cells of their own.

Addresses are picked at random from the pool and tried again when another network has them.
"""

from __future__ import annotations

import json
import queue
import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import docker
from docker.errors import APIError
from docker.models.containers import Container
from docker.models.networks import Network
from docker.types import IPAMConfig, IPAMPool

from harness.cluster.control import Border
from harness.cluster.images import ensure_images
from harness.cluster.stream import ExecStream

GUEST = r"""
import json, os, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
told = {"flags": {}, "until": 0.0, "seen": 0}
class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    def log_message(self, *_): pass
    def answer(self, status, body):
        self.send_response(status); self.send_header("Content-Length", str(len(body))); self.end_headers()
        self.wfile.write(body)
    def do_GET(self):
        word, _, value = self.path.strip("/").partition("/")
        if word == "__faults":
            left = max(0.0, told["until"] - time.monotonic())
            return self.answer(200, json.dumps({"flags": told["flags"] if left else {}, "left_s": left}).encode())
        if word == "seen": return self.answer(200, str(told["seen"]).encode())
        told["seen"] += 1
        if word == "slow": time.sleep(int(value) / 1000)
        self.answer(int(value) if word == "status" else 200, b"x" * int(value) if word == "bytes" else b"ok")
    def do_PUT(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        told.update(flags=body["flags"], until=time.monotonic() + body["left_s"])
        self.answer(200, b"{}")
class Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True
Server(("", 8080), Handler).serve_forever()
"""

KEEPS_RUNNING = ["sh", "-c", 'python3 -c "$GUEST" & echo $! > /tmp/pid; exec sleep infinity']
"""The server is not the container's first process, so that it can be killed while its container lives."""

CALLS = r"""
import json, socket, sys, time
def dial(host, port, limit=3.0):
    begun = time.monotonic(); s = socket.socket(); s.settimeout(limit)
    try: s.connect((host, port)); name = "connected"
    except OSError as error: name = type(error).__name__
    return s, name, time.monotonic() - begun
"""


def eventually(check: Callable[[], Any], patience_s: float = 10.0) -> Any:
    """The first true answer of `check`; AssertionError when patience ends."""
    deadline = time.monotonic() + patience_s
    while not (answer := check()):
        assert time.monotonic() < deadline, f"not within {patience_s} s: {check}"
        time.sleep(0.03)
    return answer


class World:
    """Containers of one test module, removed at its end."""

    def __init__(self, stack: ExitStack) -> None:
        self.docker = docker.from_env()
        self.image = ensure_images(lambda _: None).border
        self.prefix = f"rfd-{uuid.uuid4().hex[:6]}"
        self._stack = stack
        self.began_us = 0
        """Start of a test on the border's clock, where a test needs one."""
        self.events: list[tuple[str, dict[str, Any]]] = []

    def network(self, name: str, *, front: bool = False) -> tuple[Network, str]:
        """A cell's network (or one that the host is in) and the first numbers of its addresses (`198.18.77.`)."""
        options = {
            "com.docker.network.bridge.inhibit_ipv4": str(not front).lower(),
            "com.docker.network.bridge.enable_ip_masquerade": "false",
        }
        for _ in range(50):
            start = f"198.18.{random.randrange(100, 250)}."
            pool = IPAMConfig(pool_configs=[IPAMPool(subnet=f"{start}0/29", gateway=f"{start}1")])
            try:
                network = self.docker.networks.create(f"{self.prefix}-{name}", ipam=pool, options=options)
            except APIError as error:
                if "overlap" not in str(error):
                    raise
                continue
            self._stack.callback(network.remove)
            return network, start
        raise AssertionError("no free subnet in 50 tries")

    def container(self, name: str, networks: list[tuple[Network, str]], **more: Any) -> Container:
        """A running container with fixed addresses, first network first."""
        first, address = networks[0]
        config = self.docker.api.create_networking_config(
            {first.name: self.docker.api.create_endpoint_config(ipv4_address=address)}
        )
        container = self.docker.containers.create(
            self.image,
            name=f"{self.prefix}-{name}",
            network=first.name,
            networking_config=config.get("EndpointsConfig", config),
            stop_signal="SIGKILL",
            **more,
        )
        self._stack.callback(container.remove, force=True)
        for network, further in networks[1:]:
            network.connect(container, ipv4_address=further)
        return container

    def border(self, config: dict[str, Any], networks: list[tuple[Network, str]], **more: Any) -> Container:
        """A border, started."""
        container = self.container(
            f"border-{config['border']}",
            networks,
            cap_add=["NET_ADMIN"],
            sysctls={"net.ipv4.ip_forward": "1", "net.ipv4.tcp_syn_retries": "1"},
            environment={"REGIONFALL_BORDER": json.dumps(config)},
            **more,
        )
        container.start()
        return container

    def guest(self, name: str, network: Network, address: str, **more: Any) -> Container:
        """An HTTP server on port 8080 (not started)."""
        settings = {"entrypoint": KEEPS_RUNNING, "environment": {"GUEST": GUEST}} | more
        return self.container(name, [(network, address)], **settings)

    def control(self, container: Container, owner: str = "test") -> Border:
        """A control connection, closed at the end."""
        border = Border.connect(container, owner, lambda region, event: self.events.append((region, event)))
        self._stack.callback(border.close)
        return border


def printed(container: Container, *words: str) -> str:
    """What a command that always prints something prints. Of one that ends at once the engine now and then loses the
    output (moby issue 27289): such a one is asked again."""
    for _ in range(5):
        done = container.exec_run(list(words))
        assert done.exit_code == 0, done.output.decode()
        if done.output:
            return str(done.output.decode())
    raise AssertionError(f"{' '.join(words)}: nothing printed five times")


class Shop(World):
    """web and orders in the east, stock in the west.

    With `http`, web reaches orders a second time as `desk`, and its port 8081 as `raw`: edges with HAProxy in front.
    `mail` is a second caller of stock with a proxy of its own; web dials its edge as well.
    """

    def __init__(self, stack: ExitStack, *, standing_ms: int = 0, http: bool = False) -> None:
        super().__init__(stack)
        web, w = self.network("web")
        orders, o = self.network("orders")
        stock, s = self.network("stock")
        backbone, b = self.network("backbone")
        self.at = {"orders": "198.19.0.1", "stock": "198.19.0.2", "nobody": "198.19.255.9"}
        self.at |= {"desk": "198.19.0.3", "raw": "198.19.0.4", "mail": "198.19.0.5"}
        self.addresses = {"web": w + "3", "orders": o + "3", "stock": s + "3"}
        self.raw: Talk | None = None
        """The program behind `raw`, where a test runs one."""
        east: dict[str, Any] = {
            "border": "east",
            "cells": [cell("web", w), cell("orders", o)],
            "backbone": {"address": b + "2", "prefix": 29},
            "edges": [
                _edge("orders", "198.19.0.1", o + "3:8080", 0),
                _edge("stock", "198.19.0.2", "198.19.128.1:8080", standing_ms),
                _edge("stock", "198.19.0.5", "198.19.128.1:8080", 0) | {"id": "mail->stock:8080", "caller": "mail"},
            ],
            "routes": [{"to": "198.19.128.1", "via": b + "3"}],
            "flags": [{"service": "orders", "url": f"http://{o}3:8080/__faults"}],
            "names": {w + "3": "web", o + "3": "orders", "198.19.255.9": "nobody"},
            "aliases": {"stock": ["warehouse.example"]},
            "looked_up": ["web->orders", "web->stock"],
        }
        if http:
            east["edges"] += [
                _edge("desk", "198.19.0.3", o + "3:8080", 0) | {"http": True},
                _edge("raw", "198.19.0.4", o + "3:8081", 0) | {"id": "web->raw:8081", "port": 8081, "http": True},
            ]
        forward = {"id": "web->stock:8080", "callee": "stock", "far": "198.19.128.1", "port": 8080, "to": s + "3:8080"}
        west = {
            "border": "west",
            "cells": [cell("stock", s)],
            "backbone": {"address": b + "3", "prefix": 29},
            "forwards": [forward],
        }
        self.east = self.border(east, [(web, w + "2"), (orders, o + "2"), (backbone, b + "2")])
        self.west = self.border(west, [(stock, s + "2"), (backbone, b + "3")])
        self.orders = self.guest("orders", orders, o + "3")
        self.stock = self.guest("stock", stock, s + "3")
        # Names come from the border through the engine's own resolver, as in every woven guest.
        asks = {"dns": [w + "1"], "dns_search": ["."]}
        self.web = self.guest("web", web, w + "3", entrypoint=["sleep", "infinity"], **asks)
        self.web.start()
        self.control_east = self.control(self.east)
        self.control_west = self.control(self.west)

    def start(self) -> None:
        """Starts the callees and waits until both are seen up."""
        self.orders.start()
        self.stock.start()
        eventually(lambda: self.dial("orders")[0] == "connected" and self.dial("stock")[0] == "connected")

    def run(self, code: str, container: Container | None = None) -> Any:
        """Runs Python inside `web` (or another guest); what it prints last is JSON."""
        done = (container or self.web).exec_run(["python3", "-c", CALLS + code])
        assert done.exit_code == 0, done.output.decode()
        return json.loads(done.output.decode().splitlines()[-1])

    def dial(self, service: str, limit: float = 3.0) -> tuple[str, float]:
        """How a TCP connect from web to a service ends, and seconds."""
        name, took = self.run(f"s, n, t = dial({self.at[service]!r}, 8080, {limit}); print(json.dumps([n, t]))")
        return name, took

    @contextmanager
    def talk(self, code: str, container: Container | None = None) -> Iterator[Talk]:
        """Runs Python inside web (or another guest) that reads lines and prints lines."""
        talk = Talk(container or self.web, code)
        try:
            yield talk
        finally:
            talk.close()

    def get_when(self, good: Callable[[float], bool], service: str) -> float:
        """Seconds of the first request whose time is `good`, tried again for a while."""
        found: float = eventually(lambda: next((took for took in [self.get(service)[1]] if good(took)), None))
        return found

    def get(self, service: str, path: str = "/", limit: float = 3.0) -> tuple[str, float]:
        """Status (or name of the error) of one request from web on a new connection, and seconds."""
        code = f"""
import http.client
begun = time.monotonic()
try:
    c = http.client.HTTPConnection({self.at[service]!r}, 8080, timeout={limit}); c.request("GET", {path!r})
    answer = c.getresponse(); answer.read(); result = str(answer.status)
except (OSError, http.client.HTTPException) as error:
    result = type(error).__name__
print(json.dumps([result, time.monotonic() - begun]))
"""
        status, took = self.run(code)
        return status, took


class Talk:
    """A program running in a guest, spoken with line by line."""

    def __init__(self, container: Container, code: str) -> None:
        self._stream = ExecStream(container, ["python3", "-c", CALLS + code])
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def say(self, line: str) -> None:
        """To the program's standard input."""
        self._stream.send(line.encode() + b"\n")

    def line(self, patience_s: float = 15.0) -> str:
        """The next line that it prints; queue.Empty if none comes."""
        return self._lines.get(timeout=patience_s)

    def answer(self) -> Any:
        """The next line as JSON."""
        return json.loads(self.line())

    def stays_silent(self, seconds: float) -> None:
        """Checks that it prints nothing for so long."""
        with suppress(queue.Empty):
            raise AssertionError(f"it printed {self.line(seconds)!r}")

    def _read(self) -> None:
        rest = b""
        for _, body in self._stream.frames():
            *whole, rest = (rest + body).split(b"\n")
            for line in whole:
                self._lines.put(line.decode())

    def close(self) -> None:
        """Ends it."""
        self._stream.close()


def cell(name: str, start: str) -> dict[str, Any]:
    return {"name": name, "gateway": start + "1", "address": start + "2", "prefix": 29}


def _edge(callee: str, listen: str, upstream: str, standing_ms: int) -> dict[str, Any]:
    edge = {"id": f"web->{callee}:8080", "caller": "web", "callee": callee, "listen": listen, "port": 8080}
    return edge | {"upstream": upstream, "standing_ms": standing_ms}


@contextmanager
def shop(**settings: Any) -> Iterator[Shop]:
    """The world above, removed at the end."""
    with ExitStack() as stack:
        yield Shop(stack, **settings)
