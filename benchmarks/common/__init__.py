"""What the benchmarks share: servers, timed requests, figures and reports."""
