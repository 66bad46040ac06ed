"""Asks `orders` on every request; without a good answer in time 503, or what it knows itself (ORDERS_FALLBACK)."""

from __future__ import annotations

import os
import threading
from http.client import HTTPConnection, HTTPException

from server import Answer, serve

HOST, _, PORT = os.environ.get("ORDERS", "orders:8080").partition(":")
TIMEOUT_S = float(os.environ.get("ORDERS_TIMEOUT_S", "0.5"))
FALLBACK = os.environ.get("ORDERS_FALLBACK", "")
_local = threading.local()


def ask(path: str) -> Answer:
    connection: HTTPConnection | None = getattr(_local, "connection", None)
    if connection is None:
        connection = _local.connection = HTTPConnection(HOST, int(PORT), timeout=TIMEOUT_S)
    try:
        connection.request("GET", "/orders")
        response = connection.getresponse()
        body = response.read().decode()
    except (OSError, HTTPException) as error:
        connection.close()
        _local.connection = None
        return (200 if FALLBACK else 503), {"path": path, "orders": FALLBACK or type(error).__name__}
    return (200 if response.status == 200 else 503), {"path": path, "orders": body}


serve(ask)
