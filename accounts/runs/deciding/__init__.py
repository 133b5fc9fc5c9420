"""What people start and approve, by pages and by the API, and why they cannot."""
