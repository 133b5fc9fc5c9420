"""Rows to the engine's values and back, and names in Spinnaker."""
