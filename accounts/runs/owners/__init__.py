"""Accounts whose owners make the roles: hand them off, look, verify."""
