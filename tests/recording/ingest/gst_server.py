"""A second, independent RTSP server (gst-rtsp-server); run by the system's Python, not by ours.

Prints two ports when it listens: an open server and one that wants admin / camera by Digest.
"""

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

Gst.init(None)
PICTURE = (
    "videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=180,framerate=10/1 ! "
)
X264 = "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=10 bitrate=200"
SOUND = "audiotestsrc is-live=true samplesperbuffer=160 ! audio/x-raw,rate=8000,channels=1 ! "
STREAMS = {
    "/h264": f"( {PICTURE} {X264} ! rtph264pay name=pay0 pt=96 config-interval=0 "
    f"{SOUND} alawenc ! rtppcmapay name=pay1 pt=8 )",
    "/h265": f"( {PICTURE} x265enc tune=zerolatency speed-preset=ultrafast key-int-max=10 "
    "bitrate=200 ! rtph265pay name=pay0 pt=96 config-interval=1 )",
    "/bframes": f"( {PICTURE} x264enc speed-preset=ultrafast bframes=2 key-int-max=10 "
    "bitrate=200 rc-lookahead=4 ! video/x-h264,profile=main ! "
    "rtph264pay name=pay0 pt=96 config-interval=-1 )",
    "/opus": f"( {PICTURE} {X264} ! rtph264pay name=pay0 pt=96 "
    "audiotestsrc is-live=true ! audio/x-raw,rate=48000,channels=1 ! opusenc ! "
    "rtpopuspay name=pay1 pt=97 )",
}


def serve(auth):
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service("0")
    if auth is not None:
        server.set_auth(auth)
    for path, launch in STREAMS.items():
        factory = GstRtspServer.RTSPMediaFactory()
        factory.set_launch(launch)
        factory.set_shared(True)
        access = "user, media.factory.access=true, media.factory.construct=true"
        factory.add_role_from_structure(Gst.Structure.from_string(access)[0])
        server.get_mount_points().add_factory(path, factory)
    server.attach(None)
    return server


digest = GstRtspServer.RTSPAuth()
digest.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
token = GstRtspServer.RTSPToken()
token.set_string("media.factory.role", "user")
digest.add_digest("admin", "camera", token)
servers = [serve(None), serve(digest)]
print(*(server.get_bound_port() for server in servers), flush=True)
GLib.MainLoop().run()
