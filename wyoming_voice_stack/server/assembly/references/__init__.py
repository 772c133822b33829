"""Names of models in the settings: which engine and which files they stand for."""
