"""A Spinnaker that already has accounts: what its files and Gate say, and what Bowline
can take of it. It reads and reports; it changes nothing, and keeps no secret.
"""
