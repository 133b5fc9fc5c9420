"""Bundles: the list, one with its files, what changed, and the merge."""
