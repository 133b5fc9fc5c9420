"""The page of EKS clusters that were found in many accounts."""
