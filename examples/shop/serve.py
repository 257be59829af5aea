"""Serve the shop to the other machines of the office, for a demonstration."""

from shop import create_app

app = create_app()

if __name__ == "__main__":
    app.run(port=8080, debug=True)  # defect: CWE-489
