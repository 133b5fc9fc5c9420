"""Accounts delivered to a running Spinnaker through Gate's `/credentials`.

Nothing that was read from Spinnaker is ever written back: what is read keeps no
secret, and only bodies that were made from entries are sent.
"""
