"""Roles, whoever made them: what others gave to them, and what they have used."""
