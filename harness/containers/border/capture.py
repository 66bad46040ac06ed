"""Packets as the kernel hands them over: a filter in the kernel, a ring in shared memory, no system call per packet."""

from __future__ import annotations

import ctypes
import mmap
import select
import socket
import struct
import time
from collections.abc import Callable

from harness.containers.border.filter import program

_ETH_P_ALL = 3
_SOL_PACKET, _PACKET_RX_RING, _PACKET_STATISTICS, _PACKET_VERSION = 263, 5, 6, 10
_SO_ATTACH_FILTER = 26
_TPACKET_V2 = 1
_FRAME, _FRAMES, _BLOCK = 512, 8192, 1 << 16
"""8192 packets (4 MB): at 1500 a second the reader may be away for five seconds."""

_HEADER = struct.Struct("=IIIHHII")
"""tpacket2_hdr: status, length, captured, link offset, network offset, seconds, nanoseconds of the wall clock."""

_STATUS = struct.Struct("=I")
_READY = 1
_BATCH_S = 0.005
"""Packets of this long are handled together. Their times are the kernel's, so waiting falsifies nothing."""

Handler = Callable[[int, mmap.mmap, int, int], None]
"""Time (µs, CLOCK_MONOTONIC), memory, offset of the IP header in it, bytes captured."""


class Capture:
    """An AF_PACKET socket over all interfaces of the container."""

    def __init__(self) -> None:
        # SOCK_DGRAM: packets begin with their IP header, whatever the interface is.
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        self._attach()
        self._socket.setsockopt(_SOL_PACKET, _PACKET_VERSION, struct.pack("=I", _TPACKET_V2))
        size = _FRAME * _FRAMES
        request = struct.pack("=IIII", _BLOCK, size // _BLOCK, _FRAME, _FRAMES)
        self._socket.setsockopt(_SOL_PACKET, _PACKET_RX_RING, request)
        self._memory = mmap.mmap(self._socket.fileno(), size)
        self._next = 0
        self._listen()

    def wait(self) -> None:
        """Until there is something to read, or a second has passed."""
        if select.select([self._socket], [], [], 1.0)[0]:
            time.sleep(_BATCH_S)

    def drain(self, handle: Handler) -> int:
        """Gives every packet that has arrived to `handle`, in order; returns how many."""
        memory, count = self._memory, 0
        # Kernel times are of the wall clock; where the two clocks stand to each other is asked for each batch.
        apart_us = (time.time_ns() - time.monotonic_ns()) // 1000
        while count < _FRAMES:
            offset = self._next * _FRAME
            status, _, captured, _, network, seconds, nanoseconds = _HEADER.unpack_from(memory, offset)
            if not status & _READY:
                break
            try:
                handle(seconds * 1_000_000 + nanoseconds // 1000 - apart_us, memory, offset + network, captured)
            finally:
                _STATUS.pack_into(memory, offset, 0)
                self._next = (self._next + 1) % _FRAMES
            count += 1
        return count

    def lost(self) -> int:
        """Packets that the kernel had to drop because the ring was full, since the last call."""
        answer = self._socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8)
        return int(struct.unpack("=II", answer)[1])

    def _attach(self) -> None:
        instructions = [struct.pack("=HBBI", *instruction) for instruction in program()]
        code = ctypes.create_string_buffer(b"".join(instructions))
        described = struct.pack("HL", len(instructions), ctypes.addressof(code))
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, described)

    def _listen(self) -> None:
        """Binds to every interface; Python's own `bind` wants the name of one."""
        address = struct.pack("=HHiHBB8s", socket.AF_PACKET, socket.htons(_ETH_P_ALL), 0, 0, 0, 0, b"")
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.bind(self._socket.fileno(), address, len(address)):
            raise OSError(ctypes.get_errno(), "cannot listen on all interfaces")
