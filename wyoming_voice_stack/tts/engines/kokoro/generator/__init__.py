"""The generator of Kokoro, cut out of a model file and run window by window."""
