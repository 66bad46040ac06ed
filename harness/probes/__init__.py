"""What can be asked of a running stack: one small file a kind, and the watch that asks them at their interval."""
