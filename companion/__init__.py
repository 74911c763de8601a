"""The app that a person starts: command line, settings, device links, model network, web page.

Floors: `companion` stands on `recordings`, which stands on `pipelines`. Nothing heavy is imported here.
"""

import os

MEGAPIXELS = 128  # of a picture file: the largest photographs of phones have 108; 384 MB once it is decoded
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(MEGAPIXELS * 1_000_000))  # OpenCV reads it as it is loaded

__version__ = "0.1.0"
