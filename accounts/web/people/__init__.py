"""The people: listed, added, given roles, deactivated."""
