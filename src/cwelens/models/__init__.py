"""What library calls mean, as data (`library/*.toml`, described in docs/models.md), and the index that answers by name (`index.load`)."""
