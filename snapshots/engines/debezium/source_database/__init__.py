"""The databases that Debezium reads: one opener, and a folder for each dialect, registered in `dialects`.

Only the folder of a dialect knows its SQL and its driver. What a dialect can do is in `dialect`: to let Topicsnap write
the signal tables of another one takes a module that does so, and its name in `dialects`.
"""
