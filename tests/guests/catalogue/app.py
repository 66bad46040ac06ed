"""One program for all services: answers with bytes, asks others first, can be told to misbehave.

app.py                          answers
app.py orders:8080 idp:8080     asks each of them on every request, on new connections

With DATA it writes a file there on every request, and fails it where that fails.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CALLEES = [word.rpartition(":")[::2] for word in sys.argv[1:]]
PATIENCE_S = 3.0
BODY = b"x" * 20_000
DATA = os.environ.get("DATA", "")
told: dict[str, object] = {"flags": {}, "until": 0.0}


def ask(host: str, port: str) -> int:
    """The status of one question on a new connection; 0 without a whole answer."""
    connection = HTTPConnection(host, int(port), timeout=PATIENCE_S)
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
        asked = [ask(host, port) for host, port in CALLEES]
        good = not flags and all(status == 200 for status in asked) and kept()
        return self.answer(200 if good else 503, b"" if flags else BODY)

    do_POST = do_GET

    def do_PUT(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        told.update(flags=body["flags"], until=time.monotonic() + body["left_s"])
        self.answer(200, b"{}")

    def log_message(self, format: str, *args: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 1024
    daemon_threads = True


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
Server(("0.0.0.0", 8080), Handler).serve_forever()
