"""The command line: `nvr run`, `nvr status`, `nvr check`, `nvr version`."""
