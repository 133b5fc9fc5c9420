"""What people receive outside of the pages."""
