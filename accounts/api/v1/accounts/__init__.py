"""Accounts: described, kept, handed off."""
