"""What a reviewer reads of an account: what is planned, and what AWS had of it."""
