"""One program for all services: answers with bytes, asks others first, can be told to misbehave.

app.py                          answers
app.py orders:8080 clock:5300/udp     asks each of them on every request, on new connections or by datagram

Every service answers requests on 8080 and datagrams on 5300.

With DATA it writes a file there on every request, and fails it where that fails.
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
from pathlib import Path

CALLEES = [word for word in sys.argv[1:] if not word.endswith("/udp")]
BY_DATAGRAM = [word.removesuffix("/udp") for word in sys.argv[1:] if word.endswith("/udp")]
PATIENCE_S, DATAGRAM_PATIENCE_S = 3.0, 0.5
BODY = b"x" * 20_000
DATA = os.environ.get("DATA", "")
told: dict[str, object] = {"flags": {}, "until": 0.0}


def address(callee: str) -> tuple[str, int]:
    """`orders:8080` -> name and port."""
    host, _, port = callee.rpartition(":")
    return host, int(port)


def ask_by_datagram(callee: str) -> bool:
    """Whether one datagram is answered."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.settimeout(DATAGRAM_PATIENCE_S)
        try:
            line.connect(address(callee))
            line.send(b"late?")
            return line.recv(100) == b"never"
        except OSError:
            return False


def ask(callee: str) -> int:
    """The status of one question on a new connection; 0 without a whole answer."""
    host, port = address(callee)
    connection = HTTPConnection(host, port, timeout=PATIENCE_S)
    try:
        connection.request("POST", "/api", body=b"")
        answer = connection.getresponse()
        answer.read()
        return answer.status
    except (OSError, HTTPException):
        return 0
    finally:
        connection.close()


def kept() -> bool:
    """Whether what must be kept could be written: a new file each time, or the room of the last one would do."""
    if not DATA:
        return True
    file = Path(DATA, str(threading.get_ident()))
    try:
        return file.write_bytes(BODY) == len(BODY)
    except OSError:
        return False
    finally:
        file.unlink(missing_ok=True)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        left = max(0.0, float(str(told["until"])) - time.monotonic())
        flags = told["flags"] if left else {}
        if self.path.startswith("/__faults"):
            return self.answer(200, json.dumps({"flags": flags, "left_s": left}).encode())
        asked = [ask(callee) == 200 for callee in CALLEES] + [ask_by_datagram(callee) for callee in BY_DATAGRAM]
        good = not flags and all(asked) and kept()
        return self.answer(200 if good else 503, b"" if flags else BODY)

    do_POST = do_GET

    def do_PUT(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        told.update(flags=body["flags"], until=time.monotonic() + body["left_s"])
        self.answer(200, b"{}")

    def log_message(self, format: str, *args: object) -> None:
        pass


def answer_datagrams() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind(("0.0.0.0", 5300))
        while True:
            _, caller = line.recvfrom(100)
            line.sendto(b"never", caller)


class Server(ThreadingHTTPServer):
    request_queue_size = 1024
    daemon_threads = True


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
threading.Thread(target=answer_datagrams, daemon=True).start()
Server(("0.0.0.0", 8080), Handler).serve_forever()
