"""One YAML file as plain values with places, checked against the schema; nothing here knows a stack."""
