"""What is measured: derivatives by differences, with their error bars."""
