"""The one pattern for what comes in: verify on raw bytes, keep the row, answer at once, handle in a job, replay by button."""
