"""Accounts delivered to a running Spinnaker: planned, approved, sent, seen loaded."""
