"""Asks everybody in `CALLS` on every request to `/`; can be told to answer 503 under `/__faults`.

Every service answers requests on 8080 and datagrams on 5300.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import threading
import time
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CALLS = os.environ.get("CALLS", "").split()
PATIENCE_S = 0.3
told: dict[str, object] = {"flags": {}, "until": 0.0}
lines = threading.local()


def ask(target: str) -> int:
    """200 for an answered datagram, the status of a request over a kept connection; 0 when nothing comes in time."""
    return ask_by_datagram(target.removesuffix("/udp")) if target.endswith("/udp") else ask_over_tcp(target)


def ask_by_datagram(target: str) -> int:
    host, _, port = target.partition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.settimeout(PATIENCE_S)
        try:
            line.connect((host, int(port)))
            line.send(b"there?")
            return 200 if line.recv(100) == b"here" else 0
        except OSError:
            return 0


def ask_over_tcp(target: str) -> int:
    kept: dict[str, HTTPConnection] = lines.__dict__.setdefault("kept", {})
    host, _, port = target.partition(":")
    line = kept.setdefault(target, HTTPConnection(host, int(port), timeout=PATIENCE_S))
    try:
        line.request("GET", "/leaf")
        answer = line.getresponse()
        answer.read()
        return answer.status
    except (OSError, HTTPException):
        line.close()
        return 0


def flags() -> dict[str, object]:
    left = max(0.0, float(str(told["until"])) - time.monotonic())
    return {"flags": told["flags"] if left else {}, "left_s": left}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        if self.path == "/__faults":
            return self.answer(200, flags())
        if flags()["flags"]:
            return self.answer(503, {"told": True})
        asked = {target: ask(target) for target in CALLS} if self.path == "/" else {}
        return self.answer(200 if all(status == 200 for status in asked.values()) else 503, asked)

    def do_PUT(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        told.update(flags=body["flags"], until=time.monotonic() + body["left_s"])
        self.answer(200, {})

    def answer(self, status: int, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        pass


def answer_datagrams() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind(("0.0.0.0", 5300))
        while True:
            _, caller = line.recvfrom(100)
            line.sendto(b"here", caller)


class Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
threading.Thread(target=answer_datagrams, daemon=True).start()
Server(("0.0.0.0", 8080), Handler).serve_forever()
