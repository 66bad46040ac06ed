"""What happened to each flow, and over which edges, told from measurement."""
