"""The error that ends a benchmark."""


class BenchmarkError(Exception):
    """The benchmark cannot run. The message says why and what to do; it is shown as it is."""
