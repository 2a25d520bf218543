"""Files out: graphs, parity data, the manifest."""
