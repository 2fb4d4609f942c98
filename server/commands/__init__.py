"""The subcommands of ``mijian-server``: one a file, each with ``add_parser(subparsers)`` and ``run(options)``."""
