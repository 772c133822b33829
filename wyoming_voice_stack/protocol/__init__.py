"""The Wyoming front end: framing, connections and sessions."""
