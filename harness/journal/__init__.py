"""What a run leaves on disk: events, samples, manifest, and the folder that holds them."""
