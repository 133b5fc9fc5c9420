"""What pages say of choices, and which documents say the rest."""
