"""The "test" button of a camera: connect and decode one picture in a child process."""
