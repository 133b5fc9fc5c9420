"""Condition keys: what is known of a call, and how IAM compares it. Pure."""
