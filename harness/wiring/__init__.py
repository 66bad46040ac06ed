"""The composition root: concrete adapters wired into the runner, for every face."""
