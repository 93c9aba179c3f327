"""`python -m sim.cli` is `transsib`."""

from sim.cli import main

main()
