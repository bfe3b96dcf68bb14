"""The command line's subcommands, one file each; `bot.cli` gathers them."""
