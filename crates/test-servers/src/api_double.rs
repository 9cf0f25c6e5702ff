//! A test double of an AWS service, whose answers a test defines: for what moto does not have.
//!
//! It supports the two protocols of the services of database servers: queries, which have their operation in
//! the form's `Action`, and JSON, which has it in the header `X-Amz-Target`. It checks no signature.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
};

/// The largest request that is read, in bytes.
const MOST: u64 = 64 * 1024;

/// A service on a port of loopback, for as long as the process lives.
pub struct ApiDouble {
    address: SocketAddr,
    calls: Calls,
}

/// The requests so far.
type Calls = Arc<Mutex<Vec<ApiRequest>>>;

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiRequest {
    /// The operation, as the service names it.
    pub operation: String,
    /// The body: a form or JSON.
    pub body: String,
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiAnswer {
    /// The HTTP status.
    pub status: u16,
    /// XML or JSON, as the protocol requires.
    pub body: String,
}

impl ApiRequest {
    /// Whether a parameter of a query or a member of the JSON has this value; neither may need escapes.
    pub fn has(&self, name: &str, value: &str) -> bool {
        self.body.split('&').any(|pair| pair == format!("{name}={value}"))
            || self.body.contains(&format!("\"{name}\":\"{value}\""))
    }
}

impl ApiDouble {
    /// Starts one that answers like this.
    ///
    /// # Errors
    /// No port was available.
    pub fn start(answer: impl Fn(&ApiRequest) -> ApiAnswer + Send + Sync + 'static) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let calls = Calls::default();
        let (seen, answer) = (Arc::clone(&calls), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                // A client that closes the connection does not fail the test.
                std::thread::spawn(move || drop(exchange(&stream, &seen, &*answer)));
            }
        });
        Ok(Self { address, calls })
    }

    /// Its URL.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests so far, in their order.
    pub fn calls(&self) -> Vec<ApiRequest> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// One request and its answer; the connection ends after it.
fn exchange(
    mut stream: &TcpStream,
    calls: &Calls,
    answer: &(impl Fn(&ApiRequest) -> ApiAnswer + ?Sized),
) -> io::Result<()> {
    let mut reader = BufReader::new(stream).take(MOST);
    let (mut line, mut length, mut target) = (String::new(), 0, None);
    while reader.read_line(&mut line)? > 2 {
        if let Some((name, value)) = line.split_once(':') {
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().map_err(io::Error::other)?,
                "x-amz-target" => target = value.trim().rsplit('.').next().map(str::to_owned),
                _ => {}
            }
        }
        line.clear();
    }
    let mut body = String::new();
    reader.take(length).read_to_string(&mut body)?;
    let action = || body.split('&').find_map(|pair| pair.strip_prefix("Action=")).unwrap_or_default();
    let operation = target.unwrap_or_else(|| action().to_owned());
    let request = ApiRequest { operation, body };
    calls.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
    let ApiAnswer { status, body } = answer(&request);
    let kind = if body.starts_with('<') { "text/xml" } else { "application/x-amz-json-1.1" };
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status} Answer\r\ncontent-type: {kind}\r\nconnection: close\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
}
