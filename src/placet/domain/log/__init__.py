"""The ledger: entries in a hash chain, a Merkle tree over them, and signed checkpoints."""
