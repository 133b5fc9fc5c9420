"""How the site is watched: what Prometheus reads, and how the log is written."""
