"""All callees of a region in one process: an echo on every port from 9000 on. `python3 echo.py COUNT`."""

from __future__ import annotations

import contextlib
import select
import socket
import sys

FIRST_PORT = 9000


def main(count: int) -> None:
    """Serves for ever."""
    epoll = select.epoll()
    listeners = {}
    for port in range(FIRST_PORT, FIRST_PORT + count):
        listener = socket.create_server(("", port), backlog=1024)
        listeners[listener.fileno()] = listener
        epoll.register(listener, select.EPOLLIN)
    guests: dict[int, socket.socket] = {}
    while True:
        for fd, _ in epoll.poll():
            if fd in listeners:
                guest, _ = listeners[fd].accept()
                guest.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                guests[guest.fileno()] = guest
                epoll.register(guest, select.EPOLLIN)
                continue
            data = b""
            with contextlib.suppress(OSError):
                data = guests[fd].recv(65536)
                if data:
                    guests[fd].sendall(data)
            if not data:
                guests.pop(fd).close()


if __name__ == "__main__":
    main(int(sys.argv[1]))
