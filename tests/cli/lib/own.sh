# shellcheck shell=sh disable=SC2034 # $build is for tests
# Common to tests of commands: at the top of the checkout, $build the absolute
# directory of what is built, its programs in PATH, a scratch directory $dir
# that goes at the end, and nothing of this machine's configuration.

cd "$(dirname "$0")/../.." || exit 1
build=$(realpath "${BUILD:-build}")
PATH=$build/bin:$PATH
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export BUILD="$build" HOME="$dir" LC_ALL=C.UTF-8 NO_COLOR=1
unset NETFLOWIZE_SERVER NETFLOWIZE_CERTIFICATE NETFLOWIZE_CA NETFLOWIZE_PROJECT
