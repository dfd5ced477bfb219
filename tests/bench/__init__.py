"""Measurements: speed against what runs beside it, accuracy against labels."""
