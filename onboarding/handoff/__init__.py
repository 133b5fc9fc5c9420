"""What an account's owner runs to create its roles, where Bowline may not. Pure."""
