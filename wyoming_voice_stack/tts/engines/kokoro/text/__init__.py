"""From text to the phonemes that Kokoro was trained with."""
