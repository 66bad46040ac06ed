"""One connection per slot, one try per request, and what a failure really was.

Both matter for a measurement: geventhttpclient sends a GET up to three times when the server closes the connection,
which would hide failures and triple the load in an outage; and its liveness test uses select(), which calls every
descriptor above 1023 dead.
"""

from __future__ import annotations

import errno
import socket as plain
from typing import Any, cast

import gevent
import gevent.socket
from geventhttpclient.client import HTTPClient, HTTPClientPool
from geventhttpclient.connectionpool import ConnectionPool
from geventhttpclient.response import HTTPConnectionClosed, HTTPParseError
from geventhttpclient.url import URL

from harness.model.load import Outcome

_RESET = (errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED)
_CLOSED_MARKS = ("connection closed", "invalid eof", "incomplete response")


def outcome_of(error: BaseException) -> Outcome:
    """The cause of a failed request, seen through geventhttpclient's wrappers."""
    original = getattr(error, "original", None)
    if isinstance(original, BaseException):
        return outcome_of(original)
    if isinstance(error, gevent.Timeout | TimeoutError) or getattr(error, "errno", None) == errno.ETIMEDOUT:
        return Outcome.TIMEOUT
    if isinstance(error, ConnectionRefusedError):
        return Outcome.REFUSED
    if isinstance(error, HTTPConnectionClosed) or getattr(error, "errno", None) in _RESET:
        return Outcome.RESET
    if isinstance(error, HTTPParseError) and any(mark in str(error).lower() for mark in _CLOSED_MARKS):
        return Outcome.RESET
    return Outcome.ERROR


_Address = tuple[Any, Any, int, str, Any]
_addresses: dict[tuple[str, int], list[_Address]] = {}


def resolve(host: str, port: int) -> list[_Address]:
    """Addresses of a name, asked once per run: names of entries stand in the container's hosts file and do not move."""
    known = _addresses.get((host, port))
    if known is None:
        known = gevent.socket.getaddrinfo(host, port, 0, plain.SOCK_STREAM, plain.SOL_TCP)
        _addresses[host, port] = known
    return known


class _Line(ConnectionPool):  # type: ignore[misc, unused-ignore]
    """A pool of exactly one socket. `recycle` requests per connection, 0 for no limit."""

    def __init__(self, host: str, port: int, recycle: int) -> None:
        super().__init__(host, port, host, port, size=1)
        self.connection_timeout = self.network_timeout = cast(float, None)  # the slot's own deadline ends everything
        self.size = -1  # HTTPClient.request tries again while size + 1 is positive: never
        self._recycle = recycle
        self._used = 0
        self._socket: Any = None

    def _resolve(self) -> list[_Address]:
        return resolve(self._connection_host, self._connection_port)

    def after_connect(self, sock: Any) -> None:
        """Small requests go out at once."""
        sock.setsockopt(plain.IPPROTO_TCP, plain.TCP_NODELAY, 1)

    def get_socket(self) -> Any:
        """The kept connection if it is alive and idle, else a new one."""
        if self._socket is not None and not _idle_and_alive(self._socket):
            self.close()
        if self._socket is None:
            self._used = 0
            self._socket = self._create_socket()
        self._used += 1
        return self._socket

    def return_socket(self, sock: Any) -> None:
        """The answer was read to its end."""
        if self._recycle and self._used >= self._recycle:
            self.release_socket(sock)

    def release_socket(self, sock: Any) -> None:
        """The connection cannot be used again."""
        sock.close()
        if sock is self._socket:
            self._socket = None

    def close(self) -> None:
        """Drop the connection, whatever is under way on it."""
        if self._socket is not None:
            self.release_socket(self._socket)


def _idle_and_alive(sock: Any) -> bool:
    """Nothing to read: a readable idle connection was closed by the other side, or is out of step."""
    try:
        sock._sock.recv(1, plain.MSG_PEEK | plain.MSG_DONTWAIT)
    except (BlockingIOError, InterruptedError):
        return True
    except OSError:
        return False
    return False


class OneConnection(HTTPClientPool):  # type: ignore[misc, unused-ignore]
    """What a slot's Locust client draws connections from: one at a time, to whichever entry it talks."""

    def __init__(self, recycle: int) -> None:
        super().__init__()
        self._recycle = recycle
        self._to: tuple[str, int] | None = None
        self._client: HTTPClient | None = None

    def get_client(self, url: str | URL) -> HTTPClient:
        """The client for this URL's host and port; a connection to another one is closed first."""
        parsed = url if isinstance(url, URL) else URL(url)
        to = (parsed.host, parsed.port or 80)
        if self._client is None or self._to != to:
            self.close()
            self._client, self._to = HTTPClient.from_url(parsed), to
            self._client._connection_pool = _Line(*to, recycle=self._recycle)
        return self._client

    def close(self) -> None:
        """Drop the connection, whatever is under way on it."""
        if self._client is not None:
            self._client.close()
            self._client = None
