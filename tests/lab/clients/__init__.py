"""Small programs that the lab runs inside its namespaces.

Each is started by its path and prints JSON; none imports anything of this project.
"""
