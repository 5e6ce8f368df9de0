"""ridgepath's threads under threadpoolctl's hand, where that is installed."""

from ridgepath._ridgepath import __version__, get_num_threads, set_num_threads


def register():
    """Lets `threadpoolctl.threadpool_limits` set the number of threads, and `threadpool_info` tell it."""
    try:
        import threadpoolctl
    except ImportError:
        return

    class RidgepathController(threadpoolctl.LibController):
        """The threads that fits take which name no number."""

        user_api = "ridgepath"
        internal_api = "ridgepath"
        filename_prefixes = ("_ridgepath",)

        def get_num_threads(self):
            return get_num_threads()

        def set_num_threads(self, num_threads):
            set_num_threads(num_threads)

        def get_version(self):
            return __version__

    threadpoolctl.register(RidgepathController)
