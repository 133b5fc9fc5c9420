"""Policies of others: one, and the same one in many accounts."""
