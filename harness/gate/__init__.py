"""The gate: runs of one or many jobs, a policy, one answer; and how pipelines are told."""
