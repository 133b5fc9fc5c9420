"""What is kept of people, next to Django's own users."""
