"""Two bundles laid out for reading: what differs, and what is alike."""
