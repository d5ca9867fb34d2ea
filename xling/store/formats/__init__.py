"""Modules of other libraries: one foreign format per file, read and written without running foreign code."""
