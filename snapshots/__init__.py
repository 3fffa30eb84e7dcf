"""The core of Topicsnap: what a snapshot request means and how it is carried out, free of any framework.

Owns the model, the plan (topics to jobs by source), the signals, the dispatch, the state machines, the reading of
notifications and the ports to the outside. Imports no other layer of Topicsnap; neither strawberry, starlette nor
sqlalchemy.
"""
