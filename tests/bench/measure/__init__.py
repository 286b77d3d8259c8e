"""The bench's parts: where things lie, who runs, how load is given and CPU counted, what is asked, what is told."""
