"""What is done to many accounts at once: edit, remove, retry."""
