"""The one connection of a slot, against real sockets."""

from __future__ import annotations

import errno
import fcntl
import socket
from collections.abc import Iterator

import gevent
import gevent.socket
import pytest
from geventhttpclient.response import HTTPConnectionClosed, HTTPParseError
from geventhttpclient.useragent import RetriesExceeded

from harness.containers.load.connection import OneConnection, _idle_and_alive, outcome_of
from harness.model.load import Outcome

BEYOND_SELECT = 1500


@pytest.fixture
def pair() -> Iterator[tuple[gevent.socket.socket, socket.socket]]:
    """Our end, with a descriptor that select() cannot watch, and the other end."""
    ours, theirs = socket.socketpair()
    high = gevent.socket.socket(fileno=fcntl.fcntl(ours.fileno(), fcntl.F_DUPFD, BEYOND_SELECT))
    ours.close()
    yield high, theirs
    high.close()
    theirs.close()


def test_an_idle_connection_is_alive_whatever_its_descriptor(pair: tuple[gevent.socket.socket, socket.socket]) -> None:
    ours, _ = pair
    assert ours.fileno() >= BEYOND_SELECT
    assert _idle_and_alive(ours)


def test_a_connection_that_the_other_side_closed_is_not_used_again(
    pair: tuple[gevent.socket.socket, socket.socket],
) -> None:
    ours, theirs = pair
    theirs.close()
    assert not _idle_and_alive(ours)


def test_a_connection_with_something_unread_is_not_used_again(
    pair: tuple[gevent.socket.socket, socket.socket],
) -> None:
    ours, theirs = pair
    theirs.send(b"HTTP/1.1 408 too late")
    assert not _idle_and_alive(ours)


def test_a_slot_keeps_one_client_and_changes_it_with_the_entry() -> None:
    pool = OneConnection(recycle=0)
    first = pool.get_client("http://a:1/x")
    assert pool.get_client("http://a:1/y") is first
    assert pool.get_client("http://a:2/x") is not first


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), Outcome.REFUSED),
        (ConnectionResetError(errno.ECONNRESET, "reset"), Outcome.RESET),
        (BrokenPipeError(errno.EPIPE, "pipe"), Outcome.RESET),
        (HTTPConnectionClosed("connection closed."), Outcome.RESET),
        (HTTPParseError("Incomplete response."), Outcome.RESET),
        (HTTPParseError("Expected HTTP/, RTSP/ or ICE/", 8), Outcome.ERROR),
        (gevent.Timeout(1), Outcome.TIMEOUT),
        (TimeoutError(errno.ETIMEDOUT, "kernel gave up"), Outcome.TIMEOUT),
        (OSError(errno.EHOSTUNREACH, "no route"), Outcome.ERROR),
        (socket.gaierror(socket.EAI_NONAME, "no such name"), Outcome.ERROR),
    ],
)
@pytest.mark.parametrize("wrapped", [False, True])
def test_the_cause_is_seen_through_the_clients_wrappers(error: BaseException, outcome: Outcome, wrapped: bool) -> None:
    assert outcome_of(RetriesExceeded("http://a:1/", 0, original=error) if wrapped else error) is outcome
