"""An existing Spinnaker: its files and its Gate into a report, which is kept."""
