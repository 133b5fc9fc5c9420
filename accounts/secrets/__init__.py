"""Secrets of which Bowline stores only where they are."""
