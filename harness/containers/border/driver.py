"""`toxiproxy-python` as the driver of many servers at once.

The library knows one server for the whole process, has no timeout and lets answers of 500 pass. Its transport is one
name in two of its modules; here that name gets a transport with a base address per call, a pooled session, a deadline,
and an error for every answer that is not a success. Everything above the transport is the library's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import requests
import toxiproxy.exceptions
import toxiproxy.proxy
import toxiproxy.server
from toxiproxy.api import validate_response

CALL_TIMEOUT_S = 2.0
"""Deadline of one call; whoever misses it is wedged and gets replaced (`server.py`)."""

Toxics = dict[str, dict[str, Any]]
"""Toxic name -> attributes."""

_base: ContextVar[str] = ContextVar("base")
_session: ContextVar[requests.Session] = ContextVar("session")


class ProxyApiError(Exception):
    """A Toxiproxy did not answer in time, or answered with an error."""


class _Consumer:
    """Takes the place of the library's `APIConsumer`."""

    def get(self, url: str, params: Any = None, **more: Any) -> requests.Response:
        return self._call("GET", url, params=params, **more)

    def post(self, url: str, data: Any = None, json: Any = None, **more: Any) -> requests.Response:
        return self._call("POST", url, data=data, json=json, **more)

    def delete(self, url: str, **more: Any) -> requests.Response:
        return self._call("DELETE", url, **more)

    def _call(self, method: str, url: str, **more: Any) -> requests.Response:
        answer = _session.get().request(method, _base.get() + url, timeout=CALL_TIMEOUT_S, **more)
        validate_response(answer)
        if not answer.ok:
            raise ProxyApiError(f"{method} {url} answered {answer.status_code}: {answer.text[:200]}")
        return answer


_consumer = _Consumer()
toxiproxy.server.APIConsumer = toxiproxy.proxy.APIConsumer = _consumer


class Api:
    """One Toxiproxy server's API. One caller at a time."""

    def __init__(self, port: int) -> None:
        self._base = f"http://127.0.0.1:{port}"
        self._session = requests.Session()
        self._session.trust_env = False

    def toxics(self) -> dict[str, Toxics]:
        """Proxy name -> its toxics, of the whole server in one call."""
        with self._server():
            listed = _consumer.get("/proxies").json()
        return {
            name: {toxic["name"]: toxic["attributes"] for toxic in proxy["toxics"]} for name, proxy in listed.items()
        }

    def version(self) -> str:
        """The server's version; ProxyApiError while it does not answer."""
        with self._server():
            return str(_consumer.get("/version").json()["version"])

    def create(self, name: str, listen: str, upstream: str) -> None:
        """A further proxy, listening at once."""
        with self._server():
            toxiproxy.Toxiproxy().create(name=name, listen=listen, upstream=upstream, enabled=True)

    def make_so(self, name: str, wanted: Toxics, present: Toxics) -> None:
        """Changes one proxy's toxics from `present` to `wanted`; a toxic that stays is updated, never taken away."""
        proxy = toxiproxy.Proxy(name=name, upstream="", listen="", enabled=True)
        with self._server():
            for toxic in present.keys() - wanted.keys():
                proxy.destroy_toxic(toxic)
            for toxic, attributes in wanted.items():
                if toxic not in present:
                    kind, _, stream = toxic.rpartition("_")
                    proxy.add_toxic(name=toxic, type=kind, stream=stream, toxicity=1.0, attributes=attributes)
                elif present[toxic] != attributes:
                    _consumer.post(f"/proxies/{name}/toxics/{toxic}", json={"attributes": attributes})

    @contextmanager
    def _server(self) -> Iterator[None]:
        marks = _base.set(self._base), _session.set(self._session)
        try:
            yield
        except ProxyApiError:
            raise
        except (requests.RequestException, *_LIBRARY_ERRORS) as error:
            raise ProxyApiError(f"{type(error).__name__}: {error}") from error
        finally:
            _base.reset(marks[0])
            _session.reset(marks[1])


_LIBRARY_ERRORS = (
    toxiproxy.exceptions.ProxyExists,
    toxiproxy.exceptions.NotFound,
    toxiproxy.exceptions.InvalidToxic,
)
