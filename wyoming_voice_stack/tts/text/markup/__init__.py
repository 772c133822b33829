"""Markup in texts from language models: Markdown, code fences, marks of chat templates."""
