"""What a consumer runs offline: statements, trust root, evidence bundle, verifier (protocol 8)."""
