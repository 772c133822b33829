"""Benchmarks. Each folder but `common` is one program: `python -m benchmarks.NAME --help`."""
