"""Policies of others on roles that Bowline vouches for: one page each, and a list."""
