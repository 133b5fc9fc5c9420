"""Bundles: the list, one with its files, and what changed."""
