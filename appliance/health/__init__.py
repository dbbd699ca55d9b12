"""Health of the box: checks that look, findings in words, fixups that mend, snoozes."""
