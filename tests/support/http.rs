//! A client of HTTP as plain as can be, which also says what no client should.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long an answer is waited for: by far longer than any takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a server answered.
#[derive(Clone, Debug)]
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// The headers, with names in small letters.
    pub headers: Vec<(String, String)>,
    /// The body, put together.
    pub body: String,
}

impl HttpResponse {
    /// Asks a server by a connection of its own: the lines of the head behind the first one, without an end, and a body.
    pub fn of(address: SocketAddr, first: &str, lines: &[(&str, &str)], body: &[u8]) -> HttpResponse {
        let mut stream = connect(address);
        let mut head = format!("{first} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
        if !lines.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            head += &format!("Host: {address}\r\n");
        }
        lines.iter().for_each(|(name, value)| head += &format!("{name}: {value}\r\n"));
        stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
        // A server need not take all of what it refuses.
        let _ = stream.write_all(body);
        HttpResponse::read(stream)
    }

    /// Reads what comes until the connection ends.
    pub fn read(mut stream: TcpStream) -> HttpResponse {
        let mut read = Vec::new();
        // What was read before a reset counts.
        let _ = stream.read_to_end(&mut read);
        let read = String::from_utf8(read).unwrap();
        let (head, body) = read.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no response: {read:?}"));
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let header = |line: &str| {
            let (name, value) = line.split_once(':').unwrap();
            (name.to_ascii_lowercase(), value.trim().to_owned())
        };
        let headers: Vec<_> = lines.map(header).collect();
        let is_chunked = headers.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked");
        HttpResponse { status, headers, body: if is_chunked { unchunked(body) } else { body.into() } }
    }

    /// Gives the value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Connects.
pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Puts the chunks of a body together; one that was broken off ends there.
fn unchunked(body: &str) -> String {
    let (mut whole, mut rest) = (String::new(), body);
    while let Some((length, behind)) = rest.split_once("\r\n") {
        let length = usize::from_str_radix(length, 16).unwrap();
        if length == 0 || behind.len() < length {
            break;
        }
        whole += &behind[..length];
        rest = behind[length..].trim_start_matches("\r\n");
    }
    whole
}
