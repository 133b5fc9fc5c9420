"""What people see in a browser: one folder a topic, each with its views and forms."""
