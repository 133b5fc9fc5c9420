"""Accounts files that were uploaded."""
