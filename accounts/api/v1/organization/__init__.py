"""The AWS organization: its accounts, and the units that are watched."""
