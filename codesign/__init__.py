"""Search backbones, early exits and clocks together; write a bundle that `runtime` serves."""
