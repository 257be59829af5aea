"""`python -m shop`: serve on this machine. `SHOP_DEBUG=1` turns the debugger on."""

import os

from shop import create_app

if __name__ == "__main__":
    create_app().run(debug=os.environ.get("SHOP_DEBUG") == "1")  # safe: off unless asked for
