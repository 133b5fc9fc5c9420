"""Who may pull the feed for Spinnaker."""
