# Sourced by the scripts here: programs that some tests and benchmarks start, from Debian's packages. Plain POSIX sh.

# programs NAME...: installs what is not there of them, packages of the same name, where apt-get and the right to are.
# Elsewhere nothing is done, and what needs them is left out and says so. Not where services are started at once (systemd):
# a web server that nobody asked for would listen on that machine.
programs() {
    for program in "$@"; do
        shift
        command -v "$program" >/dev/null 2>&1 || set -- "$@" "$program"
    done
    if [ $# = 0 ] || [ "$(id -u)" != 0 ] || [ -d /run/systemd/system ] || ! command -v apt-get >/dev/null 2>&1; then
        return 0
    fi
    echo "Installing $*..."
    export DEBIAN_FRONTEND=noninteractive
    apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1 && return 0
    apt-get update -qq >/dev/null 2>&1 # the list of packages may be old, or not be there at all
    apt-get install -y -qq --no-install-recommends "$@" >/dev/null || echo "They could not be installed: their tests are left out." >&2
}
