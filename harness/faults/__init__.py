"""The list of faults is the listing of this folder: one symptom, one small file, one `effect`."""
