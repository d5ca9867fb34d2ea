"""Files for shared tasks, one task a file: written, checked by the organisers' rules, zipped."""
