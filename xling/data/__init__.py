"""Where values stand: readers of one format a file, typed examples, the CLDR source, the order of batches."""
