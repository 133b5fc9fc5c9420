"""What must survive a kill: its queue, its leases, and who works at it."""
