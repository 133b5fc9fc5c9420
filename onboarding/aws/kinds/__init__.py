"""What observing and applying have in common of one kind of resource."""
