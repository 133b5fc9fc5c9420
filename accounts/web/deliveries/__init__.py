"""Deliveries to a running Spinnaker: planned, read, approved, and watched."""
