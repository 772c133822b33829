"""One client's connection: its deadlines, its inbox, its rate, and the place that reports errors."""
