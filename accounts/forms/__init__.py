"""What people fill in: forms that pages show, and that the API validates with."""
