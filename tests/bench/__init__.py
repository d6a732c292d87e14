"""What the system does on this machine and would cost on AWS: `make bench`.

Each part is a module with a `run(quick)` that answers a table; none of them touches anything but
127.0.0.1, and each ends by itself.
"""
