"""Looking at machines: status, why, and what owned ones have."""
