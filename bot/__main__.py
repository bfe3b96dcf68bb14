"""`python -m bot` is `valet`."""

from bot.cli import main

if __name__ == "__main__":
    main(prog_name="valet")
