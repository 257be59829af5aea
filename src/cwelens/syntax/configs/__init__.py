"""Files beside the code that say how it is run: environment files, Docker, Compose, workflows, settings in YAML."""
