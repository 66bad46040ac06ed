"""A guest that calls where it is not declared: a neighbour by name, and a container outside the project by address.

`DECLARED` host:port is asked on every request; `UNDECLARED` is tried in the background, once a second each.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DECLARED = os.environ.get("DECLARED", "")
UNDECLARED = os.environ.get("UNDECLARED", "").split()
got_through: list[str] = []


def try_forever(target: str) -> None:
    host, _, port = target.partition(":")
    while True:
        try:
            socket.create_connection((host, int(port)), timeout=1.0).close()
            got_through.append(target)
        except OSError as error:
            print(f"{target}: {type(error).__name__} {error}", flush=True)
        time.sleep(1.0)


def declared_answer() -> str:
    if not DECLARED:
        return "nobody to ask"
    host, _, port = DECLARED.partition(":")
    connection = HTTPConnection(host, int(port), timeout=0.5)
    try:
        connection.request("GET", "/")
        return connection.getresponse().read().decode()
    finally:
        connection.close()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self) -> None:
        try:
            status, text = 200, f"{socket.gethostname()}: {declared_answer()}; leaked: {sorted(set(got_through))}"
        except (OSError, HTTPException) as error:
            status, text = 503, type(error).__name__
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 1024
    daemon_threads = True


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
for target in UNDECLARED:
    threading.Thread(target=try_forever, args=(target,), daemon=True).start()
Server(("0.0.0.0", int(os.environ.get("PORT", "9000"))), Handler).serve_forever()
