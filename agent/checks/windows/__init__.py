"""Windows trees: the registry and the files of a system that is not running, behind the same checks as Linux's."""
