"""A stand-in for Alpaca on loopback: its REST and websockets over the simulated exchange."""
