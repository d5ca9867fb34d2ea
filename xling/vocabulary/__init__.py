"""Tokenizer diagnosis, vocabularies learned from text, and initial vectors for new pieces."""
