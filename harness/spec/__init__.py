"""Floor 1, pure but for reading the files it is given: one YAML file -> Plan, or every problem with its place."""
