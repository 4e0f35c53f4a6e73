"""Asking issuers of identity tokens: discovery, keys, codes for tokens, and whether a token's signature holds."""
