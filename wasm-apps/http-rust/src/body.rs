//! Responses and the copying of streams.

use wasi::http::types::{Fields, OutgoingBody, OutgoingResponse, ResponseOutparam};
use wasi::io::streams::{InputStream, OutputStream, StreamError};

/// Moves everything from the input to the output.
pub type Transfer = fn(&InputStream, &OutputStream);

/// A response whose head is on its way and whose body is being written.
pub struct Response {
    stream: OutputStream,
    body: OutgoingBody,
}

impl Response {
    pub fn start(outparam: ResponseOutparam, status: u16, headers: &[(String, Vec<u8>)]) -> Self {
        let response = OutgoingResponse::new(Fields::from_list(headers).unwrap());
        response.set_status_code(status).unwrap();
        let body = response.body().unwrap();
        ResponseOutparam::set(outparam, Ok(response));
        let stream = body.write().unwrap();
        Self { stream, body }
    }

    pub fn stream(&self) -> &OutputStream {
        &self.stream
    }

    pub fn finish(self) {
        self.stream.blocking_flush().unwrap();
        drop(self.stream);
        OutgoingBody::finish(self.body, None).unwrap();
    }
}

pub fn send(outparam: ResponseOutparam, status: u16, headers: &[(String, Vec<u8>)], content: &[u8]) {
    let response = Response::start(outparam, status, headers);
    write_all(response.stream(), content);
    response.finish();
}

pub fn send_text(outparam: ResponseOutparam, status: u16, text: &str) {
    let headers = [("content-type".to_owned(), b"text/plain".to_vec())];
    send(outparam, status, &headers, text.as_bytes());
}

/// Writes as much at a time as the host permits, and waits for it in between.
pub fn write_all(output: &OutputStream, mut content: &[u8]) {
    while !content.is_empty() {
        output.subscribe().block();
        let permitted = output.check_write().unwrap() as usize;
        let (now, later) = content.split_at(permitted.min(content.len()));
        output.write(now).unwrap();
        content = later;
    }
}

pub fn copy(input: &InputStream, output: &OutputStream) {
    loop {
        match input.blocking_read(64 * 1024) {
            Ok(chunk) => write_all(output, &chunk),
            Err(StreamError::Closed) => return,
            Err(error) => panic!("cannot read the request body: {error:?}"),
        }
    }
}

/// Reads everything; how many bytes there were.
pub fn read_all(input: &InputStream) -> u64 {
    let mut count = 0;
    loop {
        match input.blocking_read(64 * 1024) {
            Ok(chunk) => count += chunk.len() as u64,
            Err(StreamError::Closed) => return count,
            Err(error) => panic!("cannot read the request body: {error:?}"),
        }
    }
}

/// The same, but the bytes never enter the guest.
pub fn splice(input: &InputStream, output: &OutputStream) {
    loop {
        match output.blocking_splice(input, 64 * 1024) {
            Ok(_count) => (),
            Err(StreamError::Closed) => return,
            Err(error) => panic!("cannot splice the request body: {error:?}"),
        }
    }
}
