"""Answers how many orders there are."""

from __future__ import annotations

from server import serve

serve(lambda path: (200, {"orders": 7, "path": path}))
