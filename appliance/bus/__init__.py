"""The bus: typed messages between the processes of one box over a Unix socket."""
