"""Accounts as Spinnaker reads them: a table of fields, and their values."""
