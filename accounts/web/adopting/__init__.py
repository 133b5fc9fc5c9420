"""An existing Spinnaker: its files are read, reported on, and its accounts added."""
