"""One module for each output format, and what several of them share."""
