//! `/metrics`, `/healthz` and `/readyz`, in the relay's one loop: nothing here waits for a peer.

use crate::metrics;
use configrelay::status::Status;
use rustix::fd::{AsFd, BorrowedFd};
use rustix::io::Errno;
use rustix::net::{SocketFlags, accept_with};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

/// A peer that is slower is left.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long no one is accepted after accepting failed.
const DEAF: Duration = Duration::from_secs(1);
/// Longest request.
const MAX_REQUEST: usize = 8 << 10;
/// Most connections at once; the oldest goes.
const MAX_CONNECTIONS: usize = 16;

pub(crate) struct Server {
    listener: TcpListener,
    /// Until when no one is accepted, because accepting failed.
    deaf_until: Duration,
    connections: Vec<Connection>,
}

struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
    answer: Vec<u8>,
    sent: usize,
    deadline: Duration,
    done: bool,
}

impl Server {
    pub(crate) fn bind(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        Ok(Self { listener, deaf_until: Duration::ZERO, connections: Vec::new() })
    }

    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// To poll: for reading, or for writing.
    pub(crate) fn descriptors(&self, now: Duration) -> impl Iterator<Item = (BorrowedFd<'_>, bool)> {
        let connections = self.connections.iter().map(|connection| (connection.stream.as_fd(), !connection.answer.is_empty()));
        let listener = (now >= self.deaf_until).then(|| (self.listener.as_fd(), false));
        listener.into_iter().chain(connections)
    }

    /// When the slowest peer is to be left.
    pub(crate) fn next(&self) -> Option<Duration> {
        self.connections.iter().map(|connection| connection.deadline).min()
    }

    /// Does what can be done now.
    pub(crate) fn serve(&mut self, status: &Status, now: Duration) {
        loop {
            let stream = match accept_with(&self.listener, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC) {
                Ok(stream) => stream,
                Err(Errno::AGAIN) => break,
                // Without a descriptor left, say, the listener would wake the loop again and again.
                Err(_) => {
                    self.deaf_until = now + DEAF;
                    break;
                }
            };
            if self.connections.len() == MAX_CONNECTIONS {
                self.connections.remove(0);
            }
            let (received, answer, deadline) = (Vec::new(), Vec::new(), now + PATIENCE);
            self.connections.push(Connection { stream: stream.into(), received, answer, sent: 0, deadline, done: false });
        }
        for connection in &mut self.connections {
            connection.go_on(status);
        }
        self.connections.retain(|connection| !connection.done && now < connection.deadline);
    }
}

impl Connection {
    fn go_on(&mut self, status: &Status) {
        if self.answer.is_empty() {
            match self.receive() {
                Ok(true) => self.answer = answer(&self.received, status),
                Ok(false) => return,
                Err(_) => self.done = true,
            }
        }
        while !self.done && self.sent < self.answer.len() {
            match self.stream.write(&self.answer[self.sent..]) {
                Ok(count) if count > 0 => self.sent += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                _ => self.done = true,
            }
        }
        self.done = true;
    }

    /// Gives whether the whole head is there.
    fn receive(&mut self) -> io::Result<bool> {
        let mut buffer = [0; 2048];
        loop {
            if self.received.windows(4).any(|end| end == b"\r\n\r\n") || self.received.len() > MAX_REQUEST {
                return Ok(true);
            }
            match self.stream.read(&mut buffer) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(count) => self.received.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

fn answer(request: &[u8], status: &Status) -> Vec<u8> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut parsed = httparse::Request::new(&mut headers);
    let complete = request.len() <= MAX_REQUEST && parsed.parse(request).is_ok_and(|parsed| parsed.is_complete());
    let (method, path) = (parsed.method.unwrap_or_default(), parsed.path.unwrap_or_default());
    const TEXT: &str = "text/plain; charset=utf-8";
    let (code, kind, body) = match (complete, method, path.split('?').next().unwrap_or_default()) {
        (false, ..) => ("400 Bad Request", TEXT, "not a request that is understood here\n".to_owned()),
        (true, "GET" | "HEAD", "/metrics") => ("200 OK", metrics::CONTENT_TYPE, metrics::render(status)),
        (true, "GET" | "HEAD", "/healthz") => ("200 OK", TEXT, "ok\n".to_owned()),
        (true, "GET" | "HEAD", "/readyz") if status.generation > 0 => {
            ("200 OK", TEXT, format!("generation {} is served\n", status.generation))
        }
        (true, "GET" | "HEAD", "/readyz") => ("503 Service Unavailable", TEXT, "nothing is published yet\n".to_owned()),
        (true, "GET" | "HEAD", _) => ("404 Not Found", TEXT, "here are /metrics, /healthz and /readyz\n".to_owned()),
        _ => ("405 Method Not Allowed", TEXT, "only GET and HEAD\n".to_owned()),
    };
    let length = body.len();
    let head = format!("HTTP/1.1 {code}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    let body = if method == "HEAD" { String::new() } else { body };
    (head + &body).into_bytes()
}
