#!/bin/sh
# The part of mysql:5.7's entry point that the roles rely on, over MariaDB: an empty data directory is set up with
# the root password of MYSQL_ROOT_PASSWORD or the file MYSQL_ROOT_PASSWORD_FILE, and MYSQL_DATABASE, MYSQL_USER,
# MYSQL_PASSWORD(_FILE).
set -eu

setting() { # NAME: its value, or the content of the file named by NAME_FILE
  eval "value=\${$1-} file=\${$1_FILE-}"
  if [ -n "$value" ] && [ -n "$file" ]; then
    echo "error: both $1 and $1_FILE are set (but are exclusive)" >&2
    exit 1
  fi
  [ -z "$file" ] || value=$(cat "$file")
  printf %s "$value"
}
quoted() { printf "'%s'" "$(printf %s "$1" | sed "s/[\\\\']/\\\\&/g")"; }

case ${1-} in -*) set -- mysqld "$@" ;; esac
if [ "${1-}" != mysqld ]; then exec "$@"; fi
shift

data=/var/lib/mysql
mkdir -p /run/mysqld
chown mysql:mysql /run/mysqld "$data"
if [ ! -d "$data/mysql" ]; then
  password=$(setting MYSQL_ROOT_PASSWORD)
  if [ -z "$password" ] && [ -z "${MYSQL_ALLOW_EMPTY_PASSWORD-}" ]; then
    echo 'error: database is uninitialized and password option is not specified' >&2
    echo '  You need to specify one of MYSQL_ROOT_PASSWORD, MYSQL_ALLOW_EMPTY_PASSWORD' >&2
    exit 1
  fi
  echo 'Initializing database'
  # Made elsewhere on the same volume and moved last: a start that is cut short is begun anew by the next one.
  rm -rf "$data/.new"
  mkdir "$data/.new"
  chown mysql:mysql "$data/.new"
  mysql_install_db --user=mysql --datadir="$data/.new" --skip-test-db --auth-root-authentication-method=normal >/dev/null
  {
    # In bootstrap mode grants take effect after FLUSH only.
    echo 'FLUSH PRIVILEGES;'
    echo "DELETE FROM mysql.global_priv WHERE User = '' OR User = 'root' AND Host <> 'localhost';"
    echo "FLUSH PRIVILEGES;"
    echo "CREATE OR REPLACE USER root@'%' IDENTIFIED BY $(quoted "$password");"
    echo "GRANT ALL PRIVILEGES ON *.* TO root@'%' WITH GRANT OPTION;"
    echo "ALTER USER root@localhost IDENTIFIED BY $(quoted "$password");"
    [ -z "${MYSQL_DATABASE-}" ] || echo "CREATE DATABASE IF NOT EXISTS \`$MYSQL_DATABASE\`;"
    if [ -n "${MYSQL_USER-}" ]; then
      echo "CREATE USER $(quoted "$MYSQL_USER")@'%' IDENTIFIED BY $(quoted "$(setting MYSQL_PASSWORD)");"
      [ -z "${MYSQL_DATABASE-}" ] || echo "GRANT ALL ON \`$MYSQL_DATABASE\`.* TO $(quoted "$MYSQL_USER")@'%';"
    fi
  } | mysqld --bootstrap --user=mysql --datadir="$data/.new"
  for entry in "$data"/.new/*; do
    [ "$entry" = "$data/.new/mysql" ] || mv "$entry" "$data/"
  done
  mv "$data/.new/mysql" "$data/mysql"
  rm -rf "$data/.new"
  echo 'MySQL init process done. Ready for start up.'
fi
unset MYSQL_ROOT_PASSWORD MYSQL_PASSWORD
exec mysqld --user=mysql --bind-address=0.0.0.0 "$@"
