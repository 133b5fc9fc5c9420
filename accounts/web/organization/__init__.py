"""Many accounts of an AWS organization, described at once."""
