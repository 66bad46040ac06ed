"""The program: one JSON line a question on standard input, one JSON line an answer on standard output.

    {"id": 1, "op": "tcp",  "at": ["198.18.0.3", 5432], "timeout_s": 2.0}
    {"id": 2, "op": "http", "at": ["198.18.0.3", 8080], "host": "web:8080", "path": "/", "timeout_s": 2.0}
        ->  {"id": 2, "ok": true, "took_s": 0.01, "status": 200, "body": "base64"}
        ->  {"id": 2, "ok": false, "why": "refused"}

Run as `python3 -S -m harness.containers.probe`. It ends with its standard input.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import Any

from harness.containers.probe.ask import ask

_MOST_AT_ONCE = 64
"""Questions under way; a stack that answers nothing must not fill this container with threads."""


def main() -> int:
    """Answers until standard input ends."""
    places = threading.BoundedSemaphore(_MOST_AT_ONCE)
    writing = threading.Lock()

    def answer(question: dict[str, Any]) -> None:
        try:
            line = json.dumps({"id": question.get("id"), **ask(question)}).encode() + b"\n"
        finally:
            places.release()
        with writing:
            while line:
                line = line[os.write(1, line) :]

    for text in sys.stdin:
        places.acquire()
        threading.Thread(target=answer, args=(json.loads(text),), daemon=True).start()
    return 0


if __name__ == "__main__":
    sys.exit(main())
