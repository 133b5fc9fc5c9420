"""What is done with runs: by people (actions), and by workers (stages)."""
