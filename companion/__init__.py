"""The app that a person starts: command line, settings, device links, model network, web page.

Floors: `companion` stands on `recordings`, which stands on `pipelines`. Nothing heavy is imported here.
"""

__version__ = "0.1.0"
