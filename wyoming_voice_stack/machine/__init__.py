"""What this machine has: cores, memory, processor, GPU."""
