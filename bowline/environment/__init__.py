"""What the operator sets by environment variables."""
