"""What is quiet by somebody's calendar: days of the year, holidays, events; computed without a clock."""
