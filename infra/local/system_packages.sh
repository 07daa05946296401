#!/bin/sh
# Installs what the system must have, where apt can: system_packages.sh [tests]. Does nothing when all is there.
set -eu
missing=
need() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }
need ffmpeg ffmpeg
need ffprobe ffmpeg
need bwrap bubblewrap
need setpriv util-linux
python3 -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3-venv"
if [ "${1:-}" = tests ]; then
    # What facts of photographs and telemetry are compared with.
    need exiftool libimage-exiftool-perl
    # The browser in which an annotator's page is tried.
    command -v chromium >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1 || missing="$missing chromium"
fi
[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null 2>&1; then
    echo "Firsthand needs these programs, and apt-get is not here to install them:$missing" >&2
    echo "Install ffmpeg 5.1 or newer (with libx264), bubblewrap and util-linux, then run make again." >&2
    exit 1
fi
sudo=
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null 2>&1 || { echo "Install these as root, then run make again: apt-get install$missing" >&2; exit 1; }
    sudo=sudo
fi
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -qq
# shellcheck disable=SC2086  # the list is meant to be split
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
