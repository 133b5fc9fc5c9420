"""What the API keeps: its tokens, and answers that may be asked for again."""
