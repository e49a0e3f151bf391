#!/bin/sh
# Makes the folder of an image ready while it is built: finish-app.sh APP WORD
# Only those packages of ours stay that the app links to, and what it compiles is kept, so that a container starts
# faster. An app that misses its configuration loads everything and ends; WORD stands in what it says then.
set -eu
for folder in apps/* libs/*; do
  [ -e "node_modules/@ccg/${folder#*/}" ] || rm -r "$folder"
done
# Node keeps the compiled code of each user apart: it is written as the user of the images, and read-only afterwards.
install -d -o 10001 -g 10001 .cache
as_user() { setpriv --reuid=10001 --regid=10001 --clear-groups env HOME=/tmp "$@"; }
as_user LOCAL_STORE=none node "apps/$1/start.js" 2>/tmp/refusal || grep "$2" /tmp/refusal
as_user node apps/cli/start.js --version
chown -R 0:0 .cache
chmod -R a+rX .cache
rm finish-app.sh
