"""The list of accounts, and one account's page."""
