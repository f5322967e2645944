#!/bin/sh
# One file that is the whole runtime, for installers that bring one file to a node: what follows the
# last line is an archive of it, which the first start of this version unpacks beside this file.
set -u
export LC_ALL=C
self=$0
[ -L "$self" ] && self=$(readlink -f "$self")
trees=${self%/*}/.whorl
tree=$trees/@DIGEST@
shim=$tree/bin/containerd-shim-whorl-v1

unpack() {
  rm -rf "$tree.new"
  mkdir "$tree.new" || return 1
  tail -c "+@OFFSET@" "$self" | tar -xzf - -C "$tree.new" && mv "$tree.new" "$tree"
}

# Versions that no process runs from any more.
remove_unused() {
  used=$(readlink /proc/[0-9]*/exe 2>/dev/null)
  for each in "$trees"/*/; do
    each=${each%/}
    [ "$each" = "$tree" ] && continue
    case $used in
      *"$each/"*) ;;
      *) rm -rf "$each" ;;
    esac
  done
}

if [ ! -e "$tree/files.json" ]; then
  mkdir -p "$trees" || exit 1
  exec 9>"$trees/lock"
  flock 9
  if [ ! -e "$tree/files.json" ]; then
    unpack || {
      echo "whorl: $self cannot be unpacked to $tree" >&2
      exit 1
    }
    remove_unused
    # The running version, if any, hands its containers over as soon as it has a moment.
    "$shim" upgrade </dev/null >/dev/null 2>&1 9>&- &
  fi
  exec 9>&-
fi
exec "$shim" "$@"
exit 1
