"""Roles for some environments only: who is limited to which, and what that refuses."""
