# Sourced by eng/postgres.sh. A Debian 13 in a folder, for its PostgreSQL 17 with pgvector: Debian 12 has no pgvector.

debian_root=$home/root

debian_root_complete() {
  [ -x "$debian_root/usr/lib/postgresql/17/bin/postgres" ] && [ -f "$debian_root/usr/share/postgresql/17/extension/vector.control" ] \
    && [ -d "$debian_root/var/lib/postgresql" ] && [ -c "$debian_root/dev/null" ]
}

# Where apt of this machine has Debian from, then Debian's own.
debian_mirrors() {
  { apt-get indextargets --format '$(ORIGIN) $(LABEL) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null | sed -n 's/^Debian Debian //p'
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null | grep '/debian/*$' || true
    echo http://deb.debian.org/debian; } | sed 's|/*$||' | grep '^https\?://' | awk '!seen[$0]++'
}

install_debootstrap() {
  command -v debootstrap >/dev/null && return 0
  say "installing debootstrap"
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends debootstrap; } >&2
}

# Unmounts what a debootstrap that was killed left mounted in a folder, and removes it.
discard_root() {
  local point
  while read -r point; do umount -l "$point" || true; done < <(awk -v under="$1/" 'index($2, under) == 1 { print $2 }' /proc/mounts | sort -r)
  rm -rf --one-file-system "$1"
}

# Made under another name and renamed when complete, so that what lies at the right place is whole.
make_debian_root() {
  debian_root_complete && return 0
  (
    lock_file "$home/root.lock"
    debian_root_complete && exit 0
    local left mirror making=$home/root.making log=$home/root.log
    for left in "$making" "$debian_root"; do [ ! -e "$left" ] || { say "removing a half-made $left"; discard_root "$left"; }; done
    install_debootstrap || die "debootstrap is needed and cannot be installed"
    local proxy
    proxy=$(apt-config shell proxy Acquire::http::Proxy 2>/dev/null) && eval "$proxy"
    [ -z "${proxy:-}" ] || [ "$proxy" = DIRECT ] || export http_proxy=$proxy
    for mirror in $(debian_mirrors); do
      say "making a Debian 13 with PostgreSQL 17 and pgvector in $debian_root (some minutes, 0.7 GB)"
      if debootstrap --variant=minbase --include=postgresql-17-pgvector trixie "$making" "$mirror" >"$log" 2>&1 9>&-; then
        rm -rf "$making"/var/cache/apt/archives/*.deb
        chmod 1777 "$making/dev/shm"
        mv "$making" "$debian_root"
        debian_root_complete || die "debootstrap ended well, but $debian_root has no PostgreSQL 17 with pgvector"
        exit 0
      fi
      tail -5 "$log" >&2
      discard_root "$making"
    done
    die "debootstrap failed; its log is $log"
  )
}
