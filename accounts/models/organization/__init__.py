"""What is kept of the AWS organization: how far it is read, its units and accounts."""
