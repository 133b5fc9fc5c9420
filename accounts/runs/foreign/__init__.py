"""Policies of others on the roles that Bowline vouches for: found, accepted."""
