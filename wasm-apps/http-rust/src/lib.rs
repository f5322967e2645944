//! One route for each thing that an HTTP component can do to its host: stream, trap, sleep, log,
//! read files, call out. Whorl's tests and benchmarks are its users.

mod body;
mod fetch;

use body::{Response, send, send_text};
use std::io::Write;
use std::sync::atomic::{AtomicU32, Ordering};
use wasi::exports::http::incoming_handler::Guest;
use wasi::http::types::{IncomingRequest, ResponseOutparam};

struct Http;

/// Requests that this instance has seen: always 1 where each request gets a fresh instance.
static REQUESTS: AtomicU32 = AtomicU32::new(0);

impl Guest for Http {
    fn handle(request: IncomingRequest, outparam: ResponseOutparam) {
        let count = REQUESTS.fetch_add(1, Ordering::Relaxed) + 1;
        let target = request.path_with_query().unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let argument = query.split_once('=').map_or("", |(_name, value)| value);
        match path {
            "/" => send_text(outparam, 200, "Hello from Whorl\n"),
            "/echo" => echo(&request, outparam, body::copy),
            "/length" => length(&request, outparam),
            "/splice" => echo(&request, outparam, body::splice),
            "/request" => send_text(outparam, 200, &request_line(&request)),
            "/headers" => send_text(outparam, 200, &header_lines(&request)),
            "/status" => cookies(outparam, number(argument) as u16),
            "/env" => send_text(outparam, 200, &environment_lines()),
            "/count" => send_text(outparam, 200, &format!("{count}\n")),
            "/log" => log(outparam),
            "/sleep" => sleep(outparam, number(argument)),
            "/bytes" => bytes(outparam, number(argument)),
            "/memory" => memory(outparam, number(argument)),
            "/file" => file(outparam, argument),
            "/fetch" => fetch::fetch(outparam, argument),
            "/trap" => panic!("asked to trap"),
            "/trap-late" => trap_late(outparam),
            "/exit" => std::process::exit(number(argument) as i32),
            "/silent" => (),
            "/spin" => spin(),
            _ => send_text(outparam, 404, "No such route\n"),
        }
    }
}

wasi::http::proxy::export!(Http);

/// The query's value as a number, 0 where it is none.
fn number(argument: &str) -> u64 {
    argument.parse().unwrap_or(0)
}

fn echo(request: &IncomingRequest, outparam: ResponseOutparam, transfer: body::Transfer) {
    let kind = request.headers().get("content-type").into_iter().next();
    let kind = kind.unwrap_or_else(|| b"application/octet-stream".into());
    let response = Response::start(outparam, 200, &[("content-type".into(), kind)]);
    let incoming = request.consume().unwrap();
    let input = incoming.stream().unwrap();
    transfer(&input, response.stream());
    response.finish();
}

/// Reads the whole body and tells how long it was.
fn length(request: &IncomingRequest, outparam: ResponseOutparam) {
    let incoming = request.consume().unwrap();
    let count = body::read_all(&incoming.stream().unwrap());
    send_text(outparam, 200, &format!("{count}\n"));
}

fn request_line(request: &IncomingRequest) -> String {
    format!(
        "method: {:?}\nscheme: {:?}\nauthority: {:?}\ntarget: {:?}\n",
        request.method(),
        request.scheme(),
        request.authority(),
        request.path_with_query(),
    )
}

fn header_lines(request: &IncomingRequest) -> String {
    let line = |(name, value): (String, Vec<u8>)| format!("{name}: {}\n", value.escape_ascii());
    request.headers().entries().into_iter().map(line).collect()
}

fn environment_lines() -> String {
    let mut variables: Vec<_> = std::env::vars().collect();
    variables.sort();
    variables.iter().map(|(name, value)| format!("{name}={value}\n")).collect()
}

fn cookies(outparam: ResponseOutparam, status: u16) {
    let field = |value: &str| ("set-cookie".to_owned(), value.as_bytes().to_vec());
    send(outparam, status, &[field("a=1"), field("b=2")], b"");
}

fn log(outparam: ResponseOutparam) {
    println!("a line for stdout");
    eprintln!("a line for stderr");
    print!("no newline at the end");
    // Rust writes at the end of a line; nothing flushes when the handler returns.
    std::io::stdout().flush().unwrap();
    send_text(outparam, 200, "Logged\n");
}

fn sleep(outparam: ResponseOutparam, milliseconds: u64) {
    wasi::clocks::monotonic_clock::subscribe_duration(milliseconds * 1_000_000).block();
    send_text(outparam, 200, &format!("Slept {milliseconds} ms\n"));
}

fn bytes(outparam: ResponseOutparam, count: u64) {
    let response = Response::start(outparam, 200, &[]);
    let block = [b'x'; 64 * 1024];
    let mut left = count;
    while left > 0 {
        let length = left.min(block.len() as u64) as usize;
        body::write_all(response.stream(), &block[..length]);
        left -= length as u64;
    }
    response.finish();
}

/// Grows the memory, fills it, and tells whether it was zero before.
fn memory(outparam: ResponseOutparam, mebibytes: u64) {
    let mut block = vec![0_u8; mebibytes as usize * 1024 * 1024];
    let was_zero = block.iter().all(|byte| *byte == 0);
    block.fill(0xa5);
    let last = std::hint::black_box(&block).last().copied().unwrap_or_default();
    send_text(outparam, 200, &format!("zero before: {was_zero}, last byte: {last}\n"));
}

fn file(outparam: ResponseOutparam, name: &str) {
    match std::fs::read(format!("/{name}")) {
        Ok(content) => send(outparam, 200, &[], &content),
        Err(error) => send_text(outparam, 404, &format!("{:?}\n", error.kind())),
    }
}

/// Never returns, and never waits for anything.
fn spin() -> ! {
    let mut count = 0_u64;
    loop {
        count = std::hint::black_box(count.wrapping_add(1));
    }
}

fn trap_late(outparam: ResponseOutparam) {
    let response = Response::start(outparam, 200, &[]);
    body::write_all(response.stream(), b"The first part of the body\n");
    response.stream().blocking_flush().unwrap();
    panic!("asked to trap after the head");
}
