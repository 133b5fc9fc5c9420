"""A running Spinnaker: how Bowline connects to it, and what it delivered there."""
