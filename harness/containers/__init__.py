"""Programs that run inside our images. They import `harness.model` and themselves, nothing else."""
