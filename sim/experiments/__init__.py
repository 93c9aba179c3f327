"""Many runs: replications, comparisons, and where their results are kept."""
