"""KMS keys: whose policies and grants let somebody use them."""
