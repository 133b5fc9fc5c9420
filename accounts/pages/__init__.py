"""What pages show, computed: templates hold no logic of their own."""
