"""Questions answered: one limit against one measurement, objectives, signature, guards."""
