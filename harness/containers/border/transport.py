"""HTTP to one Toxiproxy: one kept connection, a deadline, nothing more. What `toxiproxy-python` speaks through.

A region-wide fault is a call for every proxy of a region: `requests` needs a millisecond of processor time for each,
and with 500 edges under traffic that was more than the lease of the fault itself.
"""

from __future__ import annotations

import json
import select
from dataclasses import dataclass
from http.client import HTTPConnection, RemoteDisconnected
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """As much of an answer as the library looks at; true when it is a success."""

    status_code: int
    content: bytes

    @property
    def ok(self) -> bool:
        """Whether it is a success."""
        return self.status_code < 400

    @property
    def text(self) -> str:
        """The body."""
        return self.content.decode(errors="replace")

    def json(self) -> Any:
        """The body's value; ValueError if it is not JSON."""
        return json.loads(self.content)

    def __bool__(self) -> bool:
        return self.ok


class Transport:
    """One server on the loopback. One caller at a time."""

    def __init__(self, port: int, timeout_s: float) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=timeout_s)

    def call(self, method: str, path: str, body: Any = None) -> Answer:
        """One call; OSError or HTTPException without a whole answer in time."""
        kept = self._connection.sock is not None and not self._ended()
        try:
            return self._once(method, path, body)
        except (RemoteDisconnected, ConnectionResetError):
            # It hung up while we asked. A question may be asked again; a change may have been made.
            if not kept or method != "GET":
                raise
            return self._once(method, path, body)

    def _once(self, method: str, path: str, body: Any) -> Answer:
        data = None if body is None else json.dumps(body).encode()
        try:
            self._connection.request(method, path, data, {"Content-Type": "application/json"} if data else {})
            answer = self._connection.getresponse()
            return Answer(answer.status, answer.read())
        except BaseException:
            self._connection.close()
            raise

    def _ended(self) -> bool:
        """Whether the server hung up since the last call, which closes our side too; between calls it is silent."""
        poll = select.poll()  # not select(), which knows no descriptor above 1023
        poll.register(self._connection.sock, select.POLLIN)
        ended = bool(poll.poll(0))
        if ended:
            self._connection.close()
        return ended
