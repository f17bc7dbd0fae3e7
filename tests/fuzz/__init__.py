"""Whatever comes from the network is understood or refused, soon and with little memory.

The short form is part of the unit suite. The long one (`scripts/soak fuzz`) is guided by
coverage: it keeps what gets further into a parser, and changes that.
"""
