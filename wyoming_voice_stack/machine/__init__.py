"""The machine's cores, memory, processor and GPU."""
