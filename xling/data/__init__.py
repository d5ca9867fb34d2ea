"""Typed examples, readers of one format a file, data cards, the CLDR source and the order of batches."""
