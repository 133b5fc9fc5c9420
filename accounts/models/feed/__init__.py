"""What the account-registration plugin receives, and who may ask."""
