"""From the record to what is handed over."""
