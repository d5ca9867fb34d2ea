"""Readers of one file format each, typed examples, the CLDR source, and the order of batches."""
