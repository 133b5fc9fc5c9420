"""Texts that open the API: random, and kept as their digests only."""
