"""How requests and answers are described: fields, choices, and the whole document."""
