"""The managing account's page."""
