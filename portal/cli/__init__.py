"""The command line, one file a group; `portal/commands.py` adds them to the application."""
