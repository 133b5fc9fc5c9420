"""The feed that Spinnaker's account-registration plugin pulls."""
