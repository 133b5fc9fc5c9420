"""Existing roles: what is next to take over, and to undo."""
