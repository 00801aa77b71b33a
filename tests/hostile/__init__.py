"""Files that want to hurt whoever reads them, made on the spot: `cases.every(address)` gives all of them."""
