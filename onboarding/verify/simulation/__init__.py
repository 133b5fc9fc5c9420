"""What IAM's simulator says: `simulator` asks it, `writes` says what for."""
