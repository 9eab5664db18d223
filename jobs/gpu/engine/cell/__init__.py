"""Where the files of strangers are decoded: a process without secrets, files and network."""
