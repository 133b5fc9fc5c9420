"""What changes, laid out to be read before somebody approves it, or uses it."""
