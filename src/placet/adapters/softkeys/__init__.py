"""Keys held and used by this very process, with the `cryptography` library."""
