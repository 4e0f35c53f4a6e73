"""The certificate authority: identifiers, X.509 profile, issuing, chains, revocation (protocol 8)."""
