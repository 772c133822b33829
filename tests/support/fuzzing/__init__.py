"""What arbitrary bytes must not do, for generated input and for a coverage-guided fuzzer."""
