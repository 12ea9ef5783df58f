"""Images in TensorBoard's event files."""

import io

import numpy as np
from PIL import Image
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
from tensorboard.util import tensor_util


def images_in(folder):
    """(name, step, pixels) of each image in a folder's event files, torch's or TensorFlow's."""
    found = []
    for file in sorted(folder.rglob("*tfevents*")):
        for event in EventFileLoader(str(file)).Load():
            for value in event.summary.value:
                if value.metadata.plugin_data.plugin_name != "images":
                    continue
                # Width, height, then the picture as a PNG.
                _, _, *pictures = tensor_util.make_ndarray(value.tensor).tolist()
                for picture in pictures:
                    pixels = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"))
                    found.append((value.tag.removesuffix("/image/0"), event.step, pixels))
    return found
