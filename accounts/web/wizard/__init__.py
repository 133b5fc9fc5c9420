"""The wizard that describes an account: its steps, forms and pages."""
