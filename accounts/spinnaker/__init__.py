"""A running Spinnaker: the connection, and what is delivered through it."""
