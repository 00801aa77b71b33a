"""Documents made of pages: PDF, scans and pictures, as lines with their places."""
