"""Verbalization of dates, times of day and durations."""
