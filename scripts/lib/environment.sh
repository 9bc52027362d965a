# Sourced by the scripts here: finds Python, and keeps a virtual environment up to date. Plain POSIX sh.

# find_python: sets `python` to a Python >= 3.11 that can make virtual environments ($PYTHON, if set, comes first).
find_python() {
    for python in ${PYTHON:+"$PYTHON"} python3.13 python3.12 python3.11 python3 python; do
        if "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            return 0
        fi
    done
    echo "haac needs Python 3.11 or newer, with venv. Found: $(python3 --version 2>/dev/null || echo none)." >&2
    echo "Install it (Debian, Ubuntu: apt install python3-venv; macOS: brew install python), or set PYTHON=/path/to/python." >&2
    return 1
}

# environment FOLDER WHAT...: makes FOLDER a virtual environment in which `pip install WHAT...` has been done.
# Does nothing where that was done before with the same pyproject.toml, the same WHAT and the same folder.
environment() {
    folder=$1
    shift
    stamp="$(cksum < pyproject.toml) $PWD/$folder $*"
    if [ "$(cat "$folder/haac-stamp" 2>/dev/null)" = "$stamp" ] && "$folder/bin/python" -c '' 2>/dev/null; then
        return 0
    fi
    if ! "$folder/bin/python" -c 'import pip' 2>/dev/null; then
        find_python || return 1
        echo "Making $folder with $("$python" --version)..."
        "$python" -m venv --clear "$folder" || return 1
    fi
    echo "Installing into $folder (a minute or two, the first time)..."
    rm -f "$folder/haac-stamp"
    # pip knows --group since 25.1; the one that comes with Python is often older.
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1" || return 1
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "$@" || return 1
    printf '%s\n' "$stamp" > "$folder/haac-stamp"
}
