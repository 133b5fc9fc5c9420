"""What Spinnaker is to know: bundles, deliveries and the feed."""
