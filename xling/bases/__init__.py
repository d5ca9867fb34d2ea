"""Frozen pretrained encoders: the only room that knows how one is built."""
