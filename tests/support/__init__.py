"""What tests share: tiny bases, modules and runs, files to write, the shell."""
