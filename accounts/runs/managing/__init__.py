"""The managing account in runs: what proves it."""
