"""Credentials by name: the environment variable or file that a provider's record mentions."""
