"""An HTTP/1.1 server of a few lines: keep-alive, a deep backlog, one thread a connection."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = tuple[int, dict[str, object]]


class Server(ThreadingHTTPServer):
    """Takes bursts: the kernel holds 1024 connections that no thread has accepted yet."""

    request_queue_size = 1024
    daemon_threads = True


def serve(answer: Callable[[str], Answer], port: int = 8080) -> None:
    """Answer every GET and POST with what `answer(path)` returns, as JSON; ends on SIGTERM."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1  # headers and body in one segment

        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            self.rfile.read(length)
            status, body = answer(self.path)
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            pass

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    Server(("0.0.0.0", port), Handler).serve_forever()
