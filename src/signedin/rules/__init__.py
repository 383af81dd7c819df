"""What is true: values and decisions, told everything they need and fetching nothing."""
