"""EKS clusters that were found in many accounts at once."""
