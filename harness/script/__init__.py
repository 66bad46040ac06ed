"""What programs use: a cluster, experiments on it, and the exceptions that they end with. See docs/python.md."""
