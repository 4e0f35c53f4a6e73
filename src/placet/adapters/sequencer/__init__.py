"""What all stores share around their own storage: forming groups, sealing, signing, anchoring."""
