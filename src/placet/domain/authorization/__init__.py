"""Plans, policies, approvals, receipts, and the checks between a request and its effect."""
