"""How things are shown, for the portal and the API alike: words, places, plots, files and pictures. No rule, no table."""
