"""Documentation of the options of regions that all hosts have."""

OPTIONS = {
    "processor": """Parameters
----------
processor : object or mapping
    - an image processor of Hugging Face, or a processor that has one, which is tried out on a
      picture of one colour;
    - timm's `data_config` or `pretrained_cfg`, or another mapping with `mean` and `std`;
    - the preset of torchvision, `weights.transforms()`, or a chain of transforms that ends in
      `Normalize`.

Returns
-------
PixelSpace
    Of inputs {images}.

Raises
------
TypeError
    If it is of no such kind.
ValueError
    If it does something else to a picture than its numbers say.""",
}
"""NumPy-style entries for `submod_core._docs.documented`."""
