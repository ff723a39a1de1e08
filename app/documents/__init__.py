"""What is done with files: payrolls are cut and matched, people sheets read, pages drawn, reports and letters printed."""
