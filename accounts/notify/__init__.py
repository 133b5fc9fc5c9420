"""What people receive outside of the pages: its text, and how and when it is sent."""
