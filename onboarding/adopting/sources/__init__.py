"""Where a Spinnaker keeps its accounts, each source read as Spinnaker reads it."""
