"""What came out: pure functions of observations."""
