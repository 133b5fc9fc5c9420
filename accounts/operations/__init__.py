"""How Bowline is watched: what Prometheus reads, and what the log is about."""
