"""The application model: routes, what guards each, who is asking, and what each reads and changes; built from code, as data."""
