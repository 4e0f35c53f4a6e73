"""The shapes of what the governance API takes and answers, as its description shows them."""
