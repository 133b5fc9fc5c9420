"""What Spinnaker is to know: bundles and deliveries."""
