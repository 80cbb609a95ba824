#!/bin/sh
# Everything that `make demo` and `make test` need: Debian packages where we may, a virtual environment always.
#   ./setup.sh run     what the product and its demo need
#   ./setup.sh speech  that, and the engines that hear (docs/speech.md)
#   ./setup.sh bureau  what the product needs, and PostgreSQL's driver (docs/bureau.md)
#   ./setup.sh test    all of it, and what the tests need
#   ./setup.sh guest   and what emulates a dock PC for `make fire-guest`
# Run again it does nothing unless the lock file changed.
set -eu
cd "$(dirname "$0")"
mode=${1:-run}
emulator=""
[ "$mode" = guest ] && { mode=test; emulator="qemu-system-x86 busybox-static cpio kmod mtools dosfstools"; }
lock=requirements/$mode.txt
packages="python3-venv ffmpeg fonts-noto-cjk openssh-client openssl libseccomp2 bubblewrap"
[ "$mode" = test ] && packages="$packages minisign strace libreoffice-calc libreoffice-writer chromium softhsm2 libeatmydata1 e2fsprogs mount systemd udev exfat-fuse exfatprogs nbdkit libnbd-bin fuse3 postgresql golang-go golang-golang-x-mod-dev fonts-wqy-zenhei fonts-arphic-ukai fonts-arphic-uming $emulator"

say() { printf '%s\n' "$*" >&2; }

install_packages() {
    command -v dpkg-query >/dev/null 2>&1 || return 0
    missing=""
    for package in $packages; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" = 0 ]; then as_root=""; elif sudo -n true 2>/dev/null; then as_root="sudo -n"; else as_root=no; fi
    if [ "$as_root" = no ]; then
        say "缺少 Debian 软件包：$missing"
        say "无管理员权限，未安装。请管理员运行：apt-get install$missing"
        return 0
    fi
    say "安装 Debian 软件包：$missing"
    $as_root apt-get update -q >/dev/null || say "apt-get update 未成功，继续尝试"
    # One at a time: a package that this Debian does not have must not keep the others away.
    for package in $missing; do
        DEBIAN_FRONTEND=noninteractive $as_root apt-get install -q -y --no-install-recommends "$package" >/dev/null ||
            say "未能安装 $package"
    done
}

python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { say "需要 Python 3.11 或更新版本"; exit 1; }
stamp_of() { cat "requirements/$1.txt" pyproject.toml setup.sh | sha256sum | cut -c1-16; }
is_ready() { [ "$(cat ".venv/.stamp-$1" 2>/dev/null || true)" = "$(stamp_of "$1")" ]; }
install_packages
if is_ready "$mode" || is_ready test; then
    exit 0 # what the tests need includes what the product needs
fi

say "建立 Python 环境（.venv）……"
[ -x .venv/bin/python ] || python3 -m venv .venv
pip() { .venv/bin/python -m pip --disable-pip-version-check --quiet "$@"; }
# The lock names every package, so nothing is resolved: an old pip that resolves "coverage[toml]" by itself takes a release
# newer than the locked one and then refuses it for want of a hash.
pip install --require-hashes --no-deps -r "$lock"
pip check
# Both OpenCV builds install the module cv2. The headless one must win: it works without libGL.
awk '/^[a-zA-Z]/ { ours = ($0 ~ /^opencv-python-headless==/) } ours' "$lock" > .venv/headless.txt
pip install --require-hashes --no-deps --force-reinstall -r .venv/headless.txt
pip install --no-deps --no-build-isolation -e .
stamp_of "$mode" > ".venv/.stamp-$mode"
say "环境已就绪：.venv/bin/avrecord --help"
