"""Roles that are for some environments only, on pages."""
