"""The documents, and where pages and forms link to them."""
