//! How a POSIX shell parses a word, to check the quoting against.

/// The word as the shell would pass it on; `None` where the shell would parse it as something other than one
/// literal word.
pub(crate) fn read_back(word: &str) -> Option<String> {
    let mut read = String::with_capacity(word.len());
    let mut rest = word.chars();
    while let Some(c) = rest.next() {
        match c {
            '\'' => loop {
                match rest.next()? {
                    '\'' => break,
                    quoted => read.push(quoted),
                }
            },
            '\\' => read.push(rest.next()?),
            // "Shell Command Language", 2.2 and 2.3: these and white space end a word or mean something else.
            _ if "|&;<>()$`\"*?[#~%!{} \t\r\n".contains(c) => return None,
            other => read.push(other),
        }
    }
    Some(read)
}
