"""nftables without a process per call: libnftables, loaded into the agent.

A border refreshes its timed sets and reads its counters every second; `nft` as a process would cost more than all
the rest of the agent together.
"""

from __future__ import annotations

import ctypes
import json
import threading
from collections.abc import Iterator
from typing import Any

TABLE = "ip regionfall"
"""Our own table. Docker's embedded DNS lives in `table ip nat` of every container: nothing here touches it."""

_JSON_OUTPUT = 1 << 4


class NftError(Exception):
    """The kernel or the parser refused a transaction; nothing of it was applied."""


class Nft:
    """One libnftables context. Safe to call from several threads; each call is one transaction."""

    def __init__(self) -> None:
        self._lib = ctypes.CDLL("libnftables.so.1")
        self._lib.nft_ctx_new.restype = ctypes.c_void_p
        for name in ("nft_ctx_get_output_buffer", "nft_ctx_get_error_buffer"):
            getattr(self._lib, name).restype = ctypes.c_char_p
            getattr(self._lib, name).argtypes = [ctypes.c_void_p]
        for name in ("nft_ctx_buffer_output", "nft_ctx_buffer_error"):
            getattr(self._lib, name).argtypes = [ctypes.c_void_p]
        self._lib.nft_ctx_output_set_flags.argtypes = [ctypes.c_void_p, ctypes.c_uint]
        self._lib.nft_run_cmd_from_buffer.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
        self._context = self._lib.nft_ctx_new(0)
        self._lib.nft_ctx_buffer_output(self._context)
        self._lib.nft_ctx_buffer_error(self._context)
        self._lib.nft_ctx_output_set_flags(self._context, _JSON_OUTPUT)
        self._lock = threading.Lock()

    def run(self, text: str) -> str:
        """Applies `text` as one transaction and returns its output; NftError leaves everything as it was."""
        with self._lock:
            code = self._lib.nft_run_cmd_from_buffer(self._context, text.encode())
            output = self._lib.nft_ctx_get_output_buffer(self._context) or b""
            error = self._lib.nft_ctx_get_error_buffer(self._context) or b""
            answer, problem = bytes(output).decode(), bytes(error).decode()
        if code:
            raise NftError(f"nftables refused a transaction: {problem.strip() or code}; it began {text[:200]!r}")
        return answer

    def elements(self, name: str, kind: str = "set") -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
        """Elements of a set or map of our table: the key's parts, and what hangs on it (timeout, expires, counter)."""
        answer = json.loads(self.run(f"list {kind} {TABLE} {name}"))
        for item in answer["nftables"]:
            for element in item.get(kind, {}).get("elem", ()):
                key = element[0] if isinstance(element, list) else element
                body = key.get("elem", key) if isinstance(key, dict) else {"val": key}
                value = body.get("val", body)
                yield tuple(value["concat"]) if isinstance(value, dict) else (value,), body

    def counters(self, name: str) -> dict[tuple[Any, ...], tuple[int, int]]:
        """Packets and bytes per key of a counting set."""
        return {
            key: (body["counter"]["packets"], body["counter"]["bytes"])
            for key, body in self.elements(name)
            if "counter" in body
        }
