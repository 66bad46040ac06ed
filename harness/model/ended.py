"""How a border tells that a process of its own died, in words that the judge knows again."""

from __future__ import annotations

PROCESS_ENDED = "the process ended"
HAPROXY_ENDED = "HAProxy ended"
ENDINGS = (PROCESS_ENDED, HAPROXY_ENDED)
