"""Tokenizer figures, vocabularies learned from text, and the vectors that new pieces start from."""
