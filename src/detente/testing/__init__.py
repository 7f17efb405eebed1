"""What tests of detente, and of software built on it, share: random cases of every form."""

from detente.testing.cases import random_case, random_condition, random_graph

__all__ = ["random_case", "random_condition", "random_graph"]
