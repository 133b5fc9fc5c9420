"""Accounts from a file: uploaded, previewed, saved."""
