"""The offline path: one recorded verse in, one performed answer out.

It drives the very stage objects a live battle drives; only the driver differs.
"""
