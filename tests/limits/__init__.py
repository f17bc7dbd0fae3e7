"""Very much of everything: servers, toggles, news, and time in which nothing happens.

The short form is part of the unit suite, the long one is `scripts/soak limits`: the same
tests with larger `Sizes`, which tell their figures by `record_property`. A number is how
often something was tried, a text is a measurement.
"""
