"""The load generator: Locust, open loop, in a container of ours. Imports only itself and `harness.model`.

__main__   the program: plan in, frames out
wire       what controller and program say to each other
schedule   intended starts, seeded (pure)
desk       hands arrivals to slots, keeps those that wait for one
slots      Locust users, each one request at a time on one connection
connection one connection per slot, one try per request
tally      samples on their way out, and the generator's own account
pipes      standard input and output, on real threads
alarm      a sleep until a moment, exact to tens of microseconds
preflight  every entry answers before any load is sent
"""
