"""Second factors of people who sign in by password: apps, passkeys, recovery codes."""
