"""The documents of docs/, as pages of Help."""
