"""What people decide: a decision is one function with one row, and drives its doors."""
