"""Accounts whose owners make the roles."""
