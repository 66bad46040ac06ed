"""`python -m harness.containers.load`: gevent takes over the standard library before anything else is imported."""

from gevent import monkey

monkey.patch_all()

from harness.containers.load.program import main  # noqa: E402

if __name__ == "__main__":
    main()
