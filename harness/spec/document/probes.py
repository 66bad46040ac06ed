"""`probes`: named questions that are asked of the running stack at an interval."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, PlainValidator, WithJsonSchema

from harness.model.objective import Limit
from harness.spec.document.types import Duration, Flag, Int, Name, Part, Texts, listed, short
from harness.spec.limits import parse_value_limit


def _as(key: str) -> Any:
    return short(lambda v: v if isinstance(v, dict) or v is None else {key: v}, type="string")


Number = Annotated[
    Limit, PlainValidator(parse_value_limit), WithJsonSchema({"type": "string", "examples": [">= 10", "< 0.5", "3..7"]})
]


class HttpProbeDoc(Part):
    """One GET, from next to the service: no edge is used, so no fault on an edge is felt."""

    at: str = Field(description="service:port/path.", examples=["web:8080/health"])
    status: Annotated[tuple[int | str, ...], short(listed)] = Field(
        (200,), description="Good statuses: a code, a list, or a class like `2xx`."
    )
    contains: str = Field("", description="A text that the body holds.")


class TcpProbeDoc(Part):
    """One TCP connect, from next to the service."""

    at: str = Field(description="service:port.", examples=["db:5432"])


class DnsProbeDoc(Part):
    """A name, as one service resolves it."""

    from_: Name = Field(alias="from", description="The service that looks it up.")
    name: str = Field(description="The name.", examples=["db"])
    to: Texts = Field((), description="Addresses that it may lead to. Default: any.")


class SqlProbeDoc(Part):
    """One statement to PostgreSQL, by psql in the service's own container."""

    service: Name = Field(description="The database.")
    query: str = Field(description="The statement.", examples=["select count(*) from orders"])
    equals: str = Field("", description="Text that the first column of the first row must be.")
    user: str = Field("", description="Default: the service's POSTGRES_USER, else postgres.")
    database: str = Field("", description="Default: the service's POSTGRES_DB, else the user's.")
    password_from: str = Field("", description="Name of the service's variable that holds the password.")
    port: Int = Field(5432, description="Port inside the container.", ge=1, le=65535)


class RedisProbeDoc(Part):
    """One command to Redis, by redis-cli in the service's own container."""

    service: Name = Field(description="The Redis service.")
    run: Texts = Field(description="The command as a list of words.", examples=[["GET", "key"]])
    equals: str = Field("", description="Text that the answer must be.")
    password_from: str = Field("", description="Name of the service's variable that holds the password.")
    port: Int = Field(6379, description="Port inside the container.", ge=1, le=65535)


class ExecProbeDoc(Part):
    """One command inside a container, without a shell."""

    service: Name = Field(description="The service.")
    run: Texts = Field(description="The command as a list of words.", examples=[["test", "-f", "/tmp/ready"]])
    code: Int = Field(0, description="The exit code that is good.", ge=0, le=255)
    contains: str = Field("", description="A text that it prints.")


class LogProbeDoc(Part):
    """Lines that a service writes."""

    service: Name = Field(description="The service.")
    pattern: str = Field(description="A text; `*` stands for anything in between.", examples=["pool * exhausted"])
    absent: Flag = Field(False, description="Good is when no such line is written.")


class PrometheusProbeDoc(Part):
    """An instant query."""

    at: str = Field(description="service:port of Prometheus.", examples=["prometheus:9090"])
    query: str = Field(description="PromQL.")


class AlertProbeDoc(Part):
    """Whether an alert fires."""

    name: str = Field(description="The alert's name.", examples=["HighLatency"])
    at: str = Field(
        description="service:port of Alertmanager, or service:port/path of a page that lists received webhooks.",
        examples=["alertmanager:9093"],
    )


class PythonProbeDoc(Part):
    """A function of yours. A file runs on this machine: `run` needs --allow-host-commands for it."""

    file: str = Field("", description="Python file beside this one. Default: an installed package.")
    function: str = Field(description="Its function, or the package's entry point.", examples=["stock_is_whole"])


class ProbeDoc(Part):
    """A question: exactly one of http, tcp, dns, sql, redis, exec, bytes, log, prometheus, alert and python."""

    http: Annotated[HttpProbeDoc, _as("at")] | None = Field(None, description="One GET.", examples=["web:8080/health"])
    tcp: Annotated[TcpProbeDoc, _as("at")] | None = Field(None, description="One connect.", examples=["db:5432"])
    dns: DnsProbeDoc | None = Field(None, description="A name, as one service resolves it.")
    sql: SqlProbeDoc | None = Field(None, description="One statement to PostgreSQL.")
    redis: RedisProbeDoc | None = Field(None, description="One command to Redis.")
    exec: ExecProbeDoc | None = Field(None, description="One command inside a container.")
    bytes: str | None = Field(None, description="Bytes per second over an edge, as a->b.", examples=["web->db"])
    log: LogProbeDoc | None = Field(None, description="Lines that a service writes.")
    prometheus: PrometheusProbeDoc | None = Field(None, description="An instant query.")
    alert: AlertProbeDoc | None = Field(None, description="Whether an alert fires.")
    python: PythonProbeDoc | None = Field(None, description="A function of yours.")
    value: Number | None = Field(None, description="What the number that is read must keep to.")
    every: Duration = Field(1.0, description="Wall time from one question to the next. Default 1s.")
    timeout: Duration = Field(2.0, description="Longest wait for an answer. Default 2s.")
    tolerance: Int = Field(0, description="Bad answers in a row that are forgiven.", ge=0, le=100)
