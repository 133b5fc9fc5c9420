"""The connection with a running Spinnaker: described, tested, and prepared there."""
