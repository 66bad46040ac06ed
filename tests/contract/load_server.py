"""An HTTP server for load tests. Prints its port. Started as a program of its own, so that it can be frozen and killed.

/        200 after 5 ms          /status/503  that status           /close   reads, then closes without a word
/slow    200 after 1 s           /half        half of a body        /hang    reads, then nothing
/echo    the body back           /redirect    302 to /nowhere       /seen    how many requests came, as JSON
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections import Counter

SEEN: Counter[str] = Counter()


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    SEEN["connections"] += 1
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            path, length = head.split(b" ", 2)[1].decode(), 0
            for line in head.lower().split(b"\r\n"):
                if line.startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            body = await reader.readexactly(length)
            SEEN[path] += 1
            if not await answer(path, body, writer) or b"connection: close" in head.lower():
                break
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def answer(path: str, body: bytes, writer: asyncio.StreamWriter) -> bool:
    if path == "/close":
        return False
    if path == "/hang":
        await asyncio.sleep(3600)
    await asyncio.sleep(1.0 if path == "/slow" else 0.005)
    status = int(path.rsplit("/", 1)[1]) if path.startswith("/status/") else 302 if path == "/redirect" else 200
    content = json.dumps(SEEN).encode() if path == "/seen" else body if path == "/echo" else b"hello " * 10
    extra = "Location: /nowhere\r\n" if status == 302 else ""
    writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(content)}\r\n{extra}\r\n".encode())
    writer.write(content[: len(content) // 2] if path == "/half" else content)
    await writer.drain()
    return path != "/half"


async def main() -> None:
    host, port = sys.argv[1:3] if len(sys.argv) > 2 else ("127.0.0.1", "0")
    listener = socket.create_server((host, int(port)), backlog=4096)
    listener.setblocking(False)
    print(listener.getsockname()[1], flush=True)
    while True:  # asyncio's own server would accept a whole backlog before it answers the first of it
        connection, _ = await asyncio.get_running_loop().sock_accept(listener)
        await asyncio.get_running_loop().connect_accepted_socket(protocol, connection)


def protocol() -> asyncio.StreamReaderProtocol:
    return asyncio.StreamReaderProtocol(asyncio.StreamReader(), serve)


asyncio.run(main())
