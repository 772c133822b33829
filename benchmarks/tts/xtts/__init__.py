"""Our XTTS against coqui-tts's own, without servers."""
