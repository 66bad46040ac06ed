"""`stack` and `load`: what is broken, and who asks it for what."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from harness.spec.document.types import Duration, Int, Name, Number, Part, Rate, ScalarText, Texts, empty, listed, short
from harness.spec.durations import shown

METHODS = ("get", "post", "put", "patch", "delete", "head")


class SeedDoc(Part):
    """A command that fills the stack after it started and before the load."""

    exec: Name = Field(description="Service in whose container the command runs.", examples=["db"])
    run: Texts = Field(description="The command as a list of words.", examples=[["psql", "-f", "/seed.sql"]])


class StackDoc(Part):
    """The Compose project under test."""

    compose: Texts | None = Field(
        None,
        description="Compose files, relative to this file. Default: as Compose finds them.",
        examples=[["compose.yaml"]],
    )
    environment: dict[Name, dict[str, ScalarText]] = Field(
        default_factory=dict,
        description="Variables per service, in the rendered copy only. `60m@clock` is divided by clock.default.",
        examples=[{"checkout": {"DB_TIMEOUT": "500ms", "KEY_TTL": "60m@clock"}}],
    )
    volumes: Literal["fresh", "copy", "share"] = Field(
        "fresh", description="Named volumes: empty ones, copies, or the project's own."
    )
    seed: SeedDoc | None = Field(None, description="A command after start, before load.")


class OkDoc(Part):
    """Which answers count as good."""

    status: Annotated[tuple[int | str, ...], short(listed)] = Field(
        (200,), description="Status code, a list of them, or a class like `2xx`.", examples=[200, [200, 204], "2xx"]
    )


class FlowDoc(Part):
    """One kind of request. At most one of get, post, put, patch, delete and head gives method and path."""

    service: Name | None = Field(None, description="Service with an entry label. Default: the flow's name.")
    get: str | None = Field(None, description="Path of a GET. Default: the path of the entry label.", examples=["/"])
    post: str | None = Field(None, description="Path of a POST.", examples=["/checkout"])
    put: str | None = Field(None, description="Path of a PUT.")
    patch: str | None = Field(None, description="Path of a PATCH.")
    delete: str | None = Field(None, description="Path of a DELETE.")
    head: str | None = Field(None, description="Path of a HEAD.")
    body: Any = Field(None, alias="json", description="Body, sent as JSON.", examples=[{"sku": 1}])
    weight: Number = Field(1.0, description="Part of the rate, relative to the other flows.", examples=[3], gt=0)
    deadline: Duration | None = Field(None, description="From the intended start. Default: load.deadline.")
    ok: OkDoc = Field(default_factory=lambda: empty(OkDoc), description="Which answers are good.")


class RatePointDoc(Part):
    """From `at` on, the total rate is `rate`."""

    at: Duration = Field(description="On the timeline's clock, from t=0.")
    rate: Rate = Field(description="Intended first tries per second of wall time.")


def _points(value: Any) -> Any:
    return [{"at": "0s", "rate": value}] if not isinstance(value, list) and value is not None else value


def _connections(value: Any) -> Any:
    words = value.split() if isinstance(value, str) else []
    if words in (["keep-alive"], ["new"]):
        return words[0]
    if len(words) == 2 and words[0] == "recycle" and words[1].isdecimal() and 1 <= int(words[1][:9]) <= 1_000_000:
        return f"recycle {int(words[1])}"
    raise ValueError(f"{shown(value)} is not known; write keep-alive, new, or recycle 20 (requests per connection)")


class LoadDoc(Part):
    """The open-loop load: intended requests, whether or not the stack keeps up."""

    rate: Annotated[tuple[RatePointDoc, ...], short(_points, type="string", examples=["120/s"])] | None = Field(
        None, description="Total intended first tries; or a list of {at, rate} points. Default: 20/s a flow."
    )
    arrivals: Literal["poisson", "even"] = Field("poisson", description="How intended starts are spread.")
    deadline: Duration = Field(2.0, description="From the intended start; later is bad. Default 2s.")
    connections: Annotated[
        str, short(_connections, type="string", pattern=r"^\s*(keep-alive|new|recycle\s+\d+)\s*$")
    ] = Field("keep-alive", description="keep-alive, new, or recycle N: a new connection every N requests.")
    slots: Int | None = Field(
        None, description="Requests in flight that the generator can hold. Default: computed.", ge=1, le=100_000
    )
    warmup: Duration = Field(5.0, description="Wall time of load before steady, never scored. Default 5s.")
    flows: dict[Name, FlowDoc] = Field(default_factory=dict, description="Flows by name. Default: one for each entry.")
    locustfile: str | None = Field(
        None, description="A closed-loop Locust file instead of flows. Not handled by this version: refused by name."
    )
