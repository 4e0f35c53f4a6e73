"""The one way out to the network: a guarded HTTP exchange with a configured provider (protocol 5)."""
