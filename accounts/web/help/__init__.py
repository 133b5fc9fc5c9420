"""The documents, as pages."""
