"""Initial vectors of new pieces, one method per file; each gives a reason for every piece."""
