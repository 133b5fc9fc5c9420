"""What checks found: as rows while it is new, and once for all that found the same."""
