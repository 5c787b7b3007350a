"""What is put before all else on the import path of a child process; copied there, never imported from here."""
