"""Programs for guests of the HTTP contract test: a callee that speaks by hand, and a caller that speaks HTTP/2."""

from __future__ import annotations

RAW = r"""
import base64, hashlib, struct, threading
def frame(kind, flags, stream, body):
    return struct.pack("!I", len(body))[1:] + bytes([kind, flags]) + struct.pack("!I", stream) + body
def exactly(s, n):
    got = b""
    while len(got) < n:
        more = s.recv(n - len(got))
        if not more: raise EOFError
        got += more
    return got
def h2(s):
    exactly(s, 24); s.sendall(frame(4, 0, 0, b""))
    while True:
        head = exactly(s, 9); stream = int.from_bytes(head[5:], "big"); exactly(s, int.from_bytes(head[:3], "big"))
        if head[3] == 4 and not head[4]: s.sendall(frame(4, 1, 0, b""))
        if head[3] == 1:
            s.sendall(frame(1, 4, stream, b"\x88") + frame(0, 0, stream, b"hello"))
            s.sendall(frame(1, 5, stream, b"\x00\x0bgrpc-status\x010"))
def serve(s):
    try:
        if s.recv(3, socket.MSG_PEEK | socket.MSG_WAITALL) == b"PRI": return h2(s)
        head = b""
        while b"\r\n\r\n" not in head: head += exactly(s, 1)
        if b"/eof" in head: return s.close()
        if b"/rst" in head:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)); return s.close()
        if b"/seen" in head:
            return s.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(head) + head)
        if b"/patience" in head:
            begun = time.monotonic(); s.settimeout(5)
            try: s.recv(1)
            except OSError: pass
            print("left after", time.monotonic() - begun, flush=True); return s.close()
        key = next(row for row in head.split(b"\r\n") if row.lower().startswith(b"sec-websocket-key")).split()[1]
        accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        s.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
        while data := s.recv(4096): s.sendall(data[::-1])
    except (OSError, EOFError): pass
server = socket.create_server(("", 8081), backlog=128); print("up", flush=True)
while True:
    line, _ = server.accept(); threading.Thread(target=serve, args=(line,), daemon=True).start()
"""
"""What it answers depends on the path; WebSocket and HTTP/2 (with trailers, like gRPC) as well."""

H2 = """
import struct
def frame(kind, flags, stream, body):
    return struct.pack("!I", len(body))[1:] + bytes([kind, flags]) + struct.pack("!I", stream) + body
s, _, _ = dial({host!r}, {port}, 3)
head = b"\\x83\\x86\\x44\\x05/svc/\\x41\\x01x\\x40\\x0ccontent-type\\x10application/grpc"
s.sendall(b"PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n" + frame(4, 0, 0, b"") + frame(1, 5, 1, head))
got = b""; s.settimeout(1)
try:
    while b"grpc-status" not in got and (more := s.recv(65536)): got += more
except OSError: pass
print(json.dumps(got.hex()))
"""
"""Prints all that came back, in hexadecimal."""
