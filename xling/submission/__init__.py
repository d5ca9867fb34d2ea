"""Submission files for shared tasks, one task per file: writing them, validating them, zipping them."""
