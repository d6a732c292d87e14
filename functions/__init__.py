"""One file, one Lambda: `ls functions/` lists the system's moving parts."""
