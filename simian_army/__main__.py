"""``python -m simian_army``: the same as ``simian``."""

from simian_army.cli import main

if __name__ == "__main__":
    main()
