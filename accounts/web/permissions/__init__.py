"""What is granted, for the security reviewer."""
