"""Where the vectors of new pieces start from: one file a method, each says why for every piece."""
