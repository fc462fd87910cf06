"""The demonstration school: made-up people and cases, made through the same services as real ones."""
