"""Everything that touches Docker: the engine, our images, the rendered project, the running stack, its proxies."""
