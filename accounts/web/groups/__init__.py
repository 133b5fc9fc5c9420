"""Settings: which roles the groups of single sign-on have."""
