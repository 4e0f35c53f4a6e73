"""The Federation Core at work: decide, mint, reserve, record, on the domain's rules."""
