"""What is said: scenarios, their files and what can be told without simulating."""
