"""Window-by-window synthesis that the VITS models of Piper and Coqui share."""
