"""Settings, read-only."""
