"""`regionfall` without a command: what to do next, here."""

from __future__ import annotations

from harness.cli.context import current
from harness.cli.selection import SUFFIX
from harness.journal.folder import HOME, run_folders

COMPOSE_NAMES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")


def next_steps() -> None:
    """Print two or three commands that make sense in this folder."""
    context = current()
    directory = context.directory
    steps: list[tuple[str, str]] = []
    experiments = sorted(directory.glob("*" + SUFFIX)) + sorted((directory / "experiments").glob("*" + SUFFIX))
    compose = next((name for name in COMPOSE_NAMES if (directory / name).exists()), None)
    if experiments:
        name = experiments[0].relative_to(directory)
        steps += [
            (f"regionfall plan {name}", "see what it would do; touches nothing"),
            (f"regionfall run {name}", "run it"),
        ]
    if compose:
        steps.append(("regionfall edges", f"the dependencies that the labels in {compose} declare"))
        steps.append(("regionfall break SERVICE", "break one service for 30 s and say who survived; needs no file"))
    if (directory / HOME).is_dir() and run_folders(directory / HOME):
        steps.append(("regionfall report latest", "the newest report"))
    steps.append(("regionfall demo", "replay AWS us-east-1 of 2021-12-07 on the bundled stack (about 6 minutes)"))
    steps.append(("regionfall --help", "everything else"))
    context.out.print("What to do next, here:", markup=False)
    for command, meaning in steps:
        context.out.print(f"  {command:52} {meaning}", markup=False, soft_wrap=True)
