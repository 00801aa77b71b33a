"""Office Open XML: text documents, presentations and workbooks."""
