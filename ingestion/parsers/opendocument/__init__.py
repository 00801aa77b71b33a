"""OpenDocument: text documents, presentations and spreadsheets."""
