"""Note what somebody should know, in the transaction in which it happens."""
