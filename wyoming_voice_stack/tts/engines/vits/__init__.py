"""Speaking a sentence window by window: what the VITS models of Piper and Coqui share."""
