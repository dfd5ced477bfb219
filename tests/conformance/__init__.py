"""One test for each item that the standards on notifications ask of a reader, named after the item."""
