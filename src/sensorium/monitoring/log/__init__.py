"""What the service wrote down: records, the window that a check looks at, rows that may count as independent."""
