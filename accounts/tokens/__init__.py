"""Texts that open something: random, and kept as their digests only."""
