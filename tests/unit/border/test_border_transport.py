"""The transport under `toxiproxy-python`: kept connections, deadlines, and a server that hung up in between."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from harness.containers.border.driver import Api, ProxyApiError
from harness.containers.border.transport import Transport

PROXIES = {"db.5432": {"name": "db.5432", "toxics": [{"name": "latency_upstream", "attributes": {"latency": 300}}]}}


class Fake(BaseHTTPRequestHandler):
    """Answers as Toxiproxy does; closes the connection after an answer when told so."""

    protocol_version = "HTTP/1.1"
    hang_up = False
    asked: list[tuple[str, str, object]] = []  # noqa: RUF012
    peers: set[tuple[str, int]] = set()  # noqa: RUF012

    def answer(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"null")
        self.asked.append((self.command, self.path, body))
        self.peers.add(self.client_address)
        status = 500 if "broken" in self.path else 404 if "absent" in self.path else 200
        data = json.dumps(PROXIES if self.path == "/proxies" else {}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        self.close_connection = self.hang_up

    do_GET = do_POST = do_DELETE = answer

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    Fake.asked, Fake.peers, Fake.hang_up = [], set(), False
    server = ThreadingHTTPServer(("127.0.0.1", 0), Fake)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def test_the_library_reads_and_changes_toxics_over_one_kept_connection(port: int) -> None:
    api = Api(port)
    present = api.toxics()["db.5432"]
    assert present == {"latency_upstream": {"latency": 300}}
    api.make_so("db.5432", {"bandwidth_upstream": {"rate": 10}}, present)
    api.make_so("db.5432", {"latency_upstream": {"latency": 500}}, present)
    assert [(method, path) for method, path, _ in Fake.asked] == [
        ("GET", "/proxies"),
        ("DELETE", "/proxies/db.5432/toxics/latency_upstream"),
        ("POST", "/proxies/db.5432/toxics"),
        ("POST", "/proxies/db.5432/toxics/latency_upstream"),
    ]
    assert Fake.asked[-1][2] == {"attributes": {"latency": 500}}
    assert len(Fake.peers) == 1


def test_a_server_that_hung_up_between_two_calls_is_dialled_anew(port: int) -> None:
    Fake.hang_up = True
    api = Api(port)
    assert api.toxics() == api.toxics() == api.toxics()
    assert len(Fake.peers) == 3


@pytest.mark.parametrize("name", ["broken", "absent"])
def test_an_answer_that_is_no_success_is_an_error(port: int, name: str) -> None:
    with pytest.raises(ProxyApiError):
        Api(port).make_so(name, {"latency_upstream": {"latency": 1}}, {})


def test_a_server_that_says_nothing_costs_its_deadline_and_no_more() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        transport = Transport(silent.getsockname()[1], timeout_s=0.2)
        with pytest.raises(TimeoutError):
            transport.call("GET", "/proxies")


def test_nobody_there_is_an_error_of_the_proxy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(ProxyApiError):
        Api(port).toxics()
