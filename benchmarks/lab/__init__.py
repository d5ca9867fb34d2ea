"""A lab that decides which method of zero-shot transfer helps: suites, methods, and scores with intervals."""
