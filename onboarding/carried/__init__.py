"""The remainder of an account: what Spinnaker is configured with that Bowline only
carries, never with a secret.
"""
