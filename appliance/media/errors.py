"""The errors that media code raises; no input makes it raise anything else."""


class MediaError(Exception):
    """Base of every error raised by `appliance.media`."""


class MalformedError(MediaError):
    """Bytes do not follow the standard that was named for them."""


class UnsupportedError(MediaError):
    """Bytes are well formed but use something this program does not speak."""


class LimitError(MediaError):
    """A declared size or count is beyond what a camera can sensibly send."""
