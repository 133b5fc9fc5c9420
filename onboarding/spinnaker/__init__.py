"""The accounts as Spinnaker will know them, and the files that say so. Pure."""
