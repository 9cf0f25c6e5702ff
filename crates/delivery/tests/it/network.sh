#!/bin/sh
# A lookup of a place that records how it is called, with which credentials, and answers from the file next
# to it.
cd "$(dirname "$0")" || exit
echo "$*" >> looked-up
echo "$AWS_PROFILE $AWS_ACCESS_KEY_ID $AWS_SECRET_ACCESS_KEY $AWS_SESSION_TOKEN" > looked-up-as
cat network 2> /dev/null && exit
echo "code: DATABASE_UNKNOWN" >&2
exit 1
