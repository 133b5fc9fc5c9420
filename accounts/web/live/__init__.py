"""Pages that update themselves while something moves."""
