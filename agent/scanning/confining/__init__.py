"""Confining a process: the calls of the kernel that take from it what reading files does not need."""
