"""The parts of the report page: its data, its tables and charts, its wording and its colours."""
