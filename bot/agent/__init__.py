"""The small process on a GPU host: sample, fold into minutes, push. `run.run` is the whole of it.

It imports the standard library, click and pynvml only, because it shares the host with other people's work.
"""
