"""What is Windows' own of the agent, behind the same interfaces as on Linux: drives, their identity, service, notices.

Not yet run on Windows: tested on recorded data only. The processes that read files (`agent.scanning`) are Linux' alone
so far, so that the service as a whole does not run there yet. `win32` is the one file that calls the system.
"""
