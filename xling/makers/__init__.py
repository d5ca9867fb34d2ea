"""Making modules: each maker turns a base, data and settings into one module."""
