"""Hours of mixed load, after which a server must hold no more than before."""
