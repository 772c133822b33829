"""Threads, queues and jobs that run a blocking engine. Knows no audio."""
