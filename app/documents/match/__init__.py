"""Who gets which pages: rules over plain values, without files, clock or database.

`people` says who a sheet's row is and when two staff numbers are the same person; `findings` lays people beside
payslips and names every problem a clerk must see; `release` says when a reviewed batch may leave.
"""
