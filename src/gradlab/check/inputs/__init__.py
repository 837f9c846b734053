"""What is judged, in numbers: points of any form, functions and the gradients claimed for them."""
