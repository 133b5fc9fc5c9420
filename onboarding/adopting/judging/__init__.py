"""What Bowline can take: of a field, of an account, of a setting."""
