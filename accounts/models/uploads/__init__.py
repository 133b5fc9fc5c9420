"""What was uploaded: accounts files, and what was reported on a Spinnaker."""
