"""Recognition of unusual names in a smart home."""
