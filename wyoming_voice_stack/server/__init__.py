"""One server process: the port, its lifetime, and how its parts are put together."""
