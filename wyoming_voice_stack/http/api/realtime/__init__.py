"""The WebSocket `/v1/realtime`: transcription while audio arrives, and speech."""
