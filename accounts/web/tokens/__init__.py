"""Tokens of the API: one's own, and those of everybody for administrators."""
