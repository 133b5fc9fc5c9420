"""The page for the owner of an account, who creates its roles."""
