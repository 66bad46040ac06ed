"""A record as columns: arrivals per flow, seconds per edge, the life of every injection."""
