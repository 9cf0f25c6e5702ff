#!/bin/sh
# An AWS CLI that records how it is called and answers from the files next to it.
cd "$(dirname "$0")" || exit
echo "$*" >> calls
refuse() {
    echo "An error occurred ($1) when calling the operation: $2" >&2
    exit 254
}
case "$2" in
describe-secret | get-secret-value | describe-stacks | export-credentials)
    cat "$2" 2> /dev/null || refuse ValidationError "it does not exist"
    ;;
head-bucket) if [ -e foreign ]; then refuse 403 Forbidden; fi ;;
create-change-set)
    if [ -e change-set ]; then refuse AlreadyExistsException "the change set exists"; fi
    for word in "$@"; do
        file="${word#file://}"
        if [ "$file" != "$word" ]; then
            cp "$file" handed
            echo "$file" > file
            stat -c %a "$file" > mode
        fi
    done
    cp outcome change-set
    ;;
describe-change-set) cat change-set 2> /dev/null || refuse ChangeSetNotFound "there is none" ;;
delete-change-set | execute-change-set) rm change-set ;;
esac
