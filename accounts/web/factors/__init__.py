"""A person's second factor: added on their own page, asked for after the password."""
