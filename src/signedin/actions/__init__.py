"""What can be done: one function, one transaction per account, one event."""
