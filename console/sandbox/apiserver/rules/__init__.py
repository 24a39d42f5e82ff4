"""The rules an object must keep, each with the cause a real API server names. One module per subject; `check` puts them together."""
