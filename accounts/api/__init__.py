"""The API: what the pages do, for programs. Each request acts as a token's person."""
