"""How any fault may be spread: over time (flap), or over a seeded part of its edges (gray)."""
