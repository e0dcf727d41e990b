"""Who controls an open-source project: shown by GitHub or by a file, checked again every month, and for whom tickets ask."""
