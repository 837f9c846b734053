"""What the approximations of kernels may be off by."""

# Units in the last place of the correctly rounded result, in both number types and over all arguments, where the
# processor fuses a multiplication with an addition, as those of the last ten years do. Others lose 6 in float64's tanh.
ULPS = {
    "tanh": 4.0, "sigmoid": 3.0, "exp": 2.5, "log": 3.5, "softplus": 4.0, "tanh_units": 4.0, "sigmoid_units": 3.0,
    "arctan": 4.0, "erf": 4.0, "log1p": 4.0, "expm1": 4.0, "sin": 2.5, "cos": 2.5,
}  # fmt: skip
