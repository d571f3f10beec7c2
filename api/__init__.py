"""The API: what people and programs see of a run, and the commands they may give it.

It reads the run's database, and on Kafka writes commands only, as the principal `api`.
"""
