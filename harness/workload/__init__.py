"""The load of a run: what the load program is asked to do, and every sample that comes back.

order    Plan -> the program's order (pure)
run      LoadRun: one run of the load program, seen from the controller
streams  the byte stream to a program inside a container
window   what each flow does right now (pure)
"""
