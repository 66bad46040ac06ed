"""Variables and the seed command that the rendered copy of the stack gets."""

from __future__ import annotations

from harness.spec.bind.binding import Binding
from harness.spec.clock import Clock, scale_clock_values
from harness.spec.document.places import Path
from harness.spec.suggest import did_you_mean

Environment = tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


def build_environment(b: Binding, clock: Clock) -> Environment:
    """Service -> variables, every `@clock` value divided by the clock's default compression."""
    found = []
    for service, variables in b.doc.stack.environment.items():
        path: Path = ("stack", "environment", service)
        if b.stack is None or not b.stack.copies(service):
            _check_service(b, path, service, key=True)
        values = []
        for name, text in variables.items():
            try:
                values.append((name, scale_clock_values(text, clock.default)))
            except ValueError as error:
                b.add((*path, name), f"before @clock: {error}")
        found += [(one, tuple(values)) for one in (b.stack.copies(service) if b.stack else ()) or (service,)]
    return tuple(found)


def build_seed(b: Binding) -> tuple[str, tuple[str, ...]] | None:
    """The command that fills the stack, service checked."""
    seed = b.doc.stack.seed
    if seed is None:
        return None
    _check_service(b, ("stack", "seed", "exec"), seed.exec, key=False)
    if not seed.run:
        b.add(("stack", "seed", "run"), 'an empty command; write run: ["psql", "-f", "/seed.sql"]')
    return seed.exec, seed.run


def _check_service(b: Binding, path: Path, name: str, *, key: bool) -> None:
    if b.stack is None:
        return
    names = [service.name for service in b.stack.services]
    if name not in names:
        b.add(path, f"unknown service {name!r}; {did_you_mean(name, names)}", key=key)
