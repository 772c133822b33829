"""Dates, times of day and durations in words."""
