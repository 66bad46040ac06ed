"""A request fault as one word of HAProxy's runtime socket, and back. Pure."""

from __future__ import annotations

from harness.model.request_fault import WHOLE, Answer, RequestFault


def token(fault: RequestFault) -> str:
    """`parts=3000,delay=0,answer=status,status=503`: no blank, no quote; texts in hexadecimal."""
    words = [f"parts={fault.parts}", f"delay={fault.delay_ms}"]
    words += [f"answer={fault.answer}"] if fault.answer else []
    words += [f"status={fault.status}"] if fault.status else []
    words += [f"after={fault.after_bytes}"] if fault.after_bytes else []
    words += [f"{name}={_hex(text)}" for name, text in (("method", fault.method), ("path", fault.path)) if text]
    words += [f"header={_pair(fault.header)}"] if fault.header[0] else []
    words += [f"body={_hex(fault.body)}"] if fault.body else []
    return ",".join([*words, *(f"add={_pair(header)}" for header in fault.headers)])


def fault_of(text: str) -> RequestFault:
    """Inverse of `token`; ValueError if it is none."""
    listed = [word.partition("=")[::2] for word in text.split(",")]
    found = dict(listed)
    unknown = found.keys() - _KNOWN
    if unknown:
        raise ValueError(f"not a rule of ours: {sorted(unknown)[0]}")
    return RequestFault(
        answer=Answer(found.get("answer", "")),
        share=int(found["parts"]) / WHOLE,
        delay_ms=int(found["delay"]),
        status=int(found.get("status", 0)),
        body=_text(found.get("body", "")),
        headers=tuple(_texts(value) for key, value in listed if key == "add"),
        after_bytes=int(found.get("after", 0)),
        method=_text(found.get("method", "")),
        path=_text(found.get("path", "")),
        header=_texts(found.get("header", ":")),
    )


_KNOWN = {"parts", "delay", "answer", "status", "after", "method", "path", "header", "body", "add"}


def _hex(text: str) -> str:
    return text.encode().hex()


def _text(text: str) -> str:
    return bytes.fromhex(text).decode()


def _pair(header: tuple[str, str]) -> str:
    return f"{_hex(header[0])}:{_hex(header[1])}"


def _texts(value: str) -> tuple[str, str]:
    name, _, text = value.partition(":")
    return _text(name), _text(text)
