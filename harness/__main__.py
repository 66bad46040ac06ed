"""`python -m harness` is `regionfall`."""

from harness.cli import main

main()
