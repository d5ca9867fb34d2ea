"""The parts of the report page: what was read, what is shown, in which words and colours."""
