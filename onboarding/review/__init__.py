"""A role as its security reviewer reads it: rights, evidence, lint. Pure."""
