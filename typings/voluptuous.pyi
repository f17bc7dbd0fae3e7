# Home Assistant serves probatio under this name.
from probatio import *  # noqa: F403 - a stub that stands for all of it
