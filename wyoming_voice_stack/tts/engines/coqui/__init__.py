"""Models of Coqui's VITS family."""
