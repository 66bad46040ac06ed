"""One program for all services: answers datagrams and TCP on 5300; with callees it serves a page that asks them.

app.py                       answers
app.py near:5300 far:5300    8080: 200 when every callee answers a datagram in time; /near and /far ask one of them;
                             /kept asks from a socket of its own that stays the same
"""

from __future__ import annotations

import signal
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CALLEES = {name: (name, int(port)) for name, port in (word.split(":") for word in sys.argv[1:])}
PATIENCE_S = 0.4
kept = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
one_at_a_time = threading.Lock()


def ask(at: tuple[str, int], line: socket.socket) -> str:
    """`ok`, or the name of what went wrong."""
    line.settimeout(PATIENCE_S)
    try:
        line.connect(at)
        line.send(b"how many?")
        return "ok" if line.recv(100) == b"seven" else "odd"
    except OSError as error:
        return type(error).__name__


def fresh(at: tuple[str, int]) -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        return ask(at, line)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/kept":
            with one_at_a_time:
                said = [ask(CALLEES["near"], kept)]
        else:
            asked = [self.path[1:]] if self.path[1:] in CALLEES else list(CALLEES)
            said = [fresh(CALLEES[name]) for name in asked]
        body = " ".join(said).encode()
        self.send_response(200 if set(said) == {"ok"} else 503)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


def answer_datagrams() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind(("0.0.0.0", 5300))
        while True:
            _, caller = line.recvfrom(100)
            line.sendto(b"seven", caller)


class Server(ThreadingHTTPServer):
    request_queue_size = 1024
    daemon_threads = True


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
threading.Thread(target=answer_datagrams, daemon=True).start()
Server(("0.0.0.0", 8080 if CALLEES else 5300), Handler).serve_forever()
