"""Bundles: built, read, and compared."""
