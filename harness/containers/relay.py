"""Ties the standard streams of a `docker exec` to the control socket of a program of ours; ends when a side does.

Run as `python3 -S -m harness.containers.relay`: it must start fast, so it imports next to nothing.
"""

from __future__ import annotations

import os
import select
import socket
import sys

SOCKET = "/run/regionfall/control.sock"


def main() -> int:
    """Copies both ways until one side ends; 1 if there is nobody yet."""
    agent = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        agent.connect(SOCKET)
    except OSError as error:
        print(f"the other side does not hold yet: {error}", file=sys.stderr)
        return 1
    while True:
        ready, _, _ = select.select([0, agent.fileno()], [], [])
        if 0 in ready:
            sent = os.read(0, 65536)
            if not sent:
                return 0
            agent.sendall(sent)
        if agent.fileno() in ready:
            answered = agent.recv(65536)
            if not answered:
                return 0
            while answered:
                answered = answered[os.write(1, answered) :]


if __name__ == "__main__":
    sys.exit(main())
