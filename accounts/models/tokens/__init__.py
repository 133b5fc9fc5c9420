"""What tokens have in common, whatever they open."""
