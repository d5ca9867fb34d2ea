"""What can be learned: one kind a file, one registry, and the module that holds them."""
