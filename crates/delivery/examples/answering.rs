//! A Lambda function of the standard library alone, which answers null: so small that a test can afford to
//! compress it as a package is compressed.

use std::{
    env,
    io::{self, BufRead, BufReader, Read, Write},
    net::TcpStream,
};

#[expect(clippy::disallowed_methods, reason = "the Runtime API's address is in the environment")]
fn main() -> io::Result<()> {
    let api = env::var("AWS_LAMBDA_RUNTIME_API").map_err(io::Error::other)?;
    loop {
        let (id, _event) = call(&api, "GET", "next", "")?;
        let id = id.ok_or_else(|| io::Error::other("an invocation without an id"))?;
        call(&api, "POST", &format!("{id}/response"), "null")?;
    }
}

/// Calls the Runtime API. The answer is the id of the invocation, where there is one, and the body.
fn call(api: &str, method: &str, path: &str, body: &str) -> io::Result<(Option<String>, Vec<u8>)> {
    let mut stream = TcpStream::connect(api)?;
    write!(
        stream,
        "{method} /2018-06-01/runtime/invocation/{path} HTTP/1.1\r\nHost: {api}\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = BufReader::new(stream);
    let (mut id, mut length) = (None, 0);
    for line in answer.by_ref().lines() {
        let line = line?;
        let Some((name, value)) = line.split_once(':') else {
            if line.is_empty() {
                break;
            }
            continue;
        };
        match name.to_ascii_lowercase().as_str() {
            "lambda-runtime-aws-request-id" => id = Some(value.trim().to_owned()),
            "content-length" => length = value.trim().parse().map_err(io::Error::other)?,
            _ => {}
        }
    }
    let mut body = Vec::new();
    answer.take(length).read_to_end(&mut body)?;
    Ok((id, body))
}
