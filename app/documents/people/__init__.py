"""The people sheet of a payroll, from the bytes of a spreadsheet to people or a question."""
