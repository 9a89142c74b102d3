"""The operator's commands, each thin: settings in, rows out. What they do is done elsewhere; `cli.py` puts them together."""
