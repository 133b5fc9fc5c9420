"""Notifications of teams: where they go, and what became of them."""
