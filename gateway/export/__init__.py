"""The ledger as lines for auditors: CSV and JSON."""
