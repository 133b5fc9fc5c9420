"""What can exist in AWS, as values, and what to change between two sets of them."""
