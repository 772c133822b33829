"""Recordings to clone voices from: listed, assessed, and the cloned voices cached on disk."""
