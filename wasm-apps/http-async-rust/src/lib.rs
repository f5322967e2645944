//! One route for each thing that an asynchronous HTTP component (WASI 0.3) can do: stream, wait,
//! call out, go on after its response. Whorl's tests are its users.

use std::sync::atomic::{AtomicU32, Ordering};
use wasip3::cli::stdout;
use wasip3::clocks::monotonic_clock;
use wasip3::http::client;
use wasip3::http::types::{ErrorCode, Fields, Method, Request, Response, Scheme};
use wasip3::{wit_bindgen, wit_future, wit_stream};

wasip3::http::service::export!(Http);

struct Http;

/// Requests that this instance has seen: more than 1 where instances answer several.
static REQUESTS: AtomicU32 = AtomicU32::new(0);

type Answer = Result<Response, ErrorCode>;

impl wasip3::exports::http::handler::Guest for Http {
    async fn handle(request: Request) -> Answer {
        let count = REQUESTS.fetch_add(1, Ordering::Relaxed) + 1;
        let target = request.get_path_with_query().unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let argument = query.split_once('=').map_or("", |(_name, value)| value);
        match path {
            "/" => Ok(text(200, "Hello from Whorl\n")),
            "/count" => Ok(text(200, &format!("{count}\n"))),
            "/request" => Ok(text(200, &request_line(&request))),
            "/headers" => Ok(text(200, &header_lines(&request))),
            "/echo" => Ok(echo(request)),
            "/sleep" => Ok(sleep(argument).await),
            "/bytes" => Ok(bytes(number(argument))),
            "/fetch" => fetch(argument).await,
            "/late" => Ok(late()),
            "/trap" => panic!("asked to trap"),
            "/trap-late" => Ok(trap_late()),
            "/error" => Err(ErrorCode::InternalError(Some("asked to fail".to_owned()))),
            _ => Ok(text(404, "No such route\n")),
        }
    }
}

fn number(argument: &str) -> usize {
    argument.parse().unwrap_or(0)
}

/// A response whose body is written by a task of its own.
fn text(status: u16, content: &str) -> Response {
    let (mut writer, body) = wit_stream::new();
    let (trailers, trailers_reader) = wit_future::new(|| Ok(None));
    let (response, _fate) = Response::new(Fields::new(), Some(body), trailers_reader);
    response.set_status_code(status).unwrap();
    let content = content.as_bytes().to_vec();
    wit_bindgen::spawn(async move {
        writer.write_all(content).await;
        drop(writer);
        drop(trailers);
    });
    response
}

fn request_line(request: &Request) -> String {
    format!(
        "method: {:?}\nscheme: {:?}\nauthority: {:?}\ntarget: {:?}\n",
        request.get_method(),
        request.get_scheme(),
        request.get_authority(),
        request.get_path_with_query(),
    )
}

fn header_lines(request: &Request) -> String {
    let line = |(name, value): (String, Vec<u8>)| format!("{name}: {}\n", value.escape_ascii());
    request.get_headers().copy_all().into_iter().map(line).collect()
}

/// Body and trailers of the request as those of the response, without a copy of the guest's own.
fn echo(request: Request) -> Response {
    let (_fate, fate_reader) = wit_future::new(|| Ok(()));
    let (body, trailers) = Request::consume_body(request, fate_reader);
    Response::new(Fields::new(), Some(body), trailers).0
}

async fn sleep(argument: &str) -> Response {
    monotonic_clock::wait_for(number(argument) as u64 * 1_000_000).await;
    text(200, &format!("Slept {argument} ms\n"))
}

fn bytes(count: usize) -> Response {
    let (mut writer, body) = wit_stream::new();
    let (trailers, trailers_reader) = wit_future::new(|| Ok(None));
    let (response, _fate) = Response::new(Fields::new(), Some(body), trailers_reader);
    wit_bindgen::spawn(async move {
        let mut left = count;
        while left > 0 {
            let length = left.min(64 * 1024);
            if !writer.write_all(vec![b'x'; length]).await.is_empty() {
                break;
            }
            left -= length;
        }
        // A trailer tells that the whole body was written.
        let fields = Fields::from_list(&[("x-written".to_owned(), b"all".to_vec())]).unwrap();
        drop(writer);
        let _ = trailers.write(Ok(Some(fields))).await;
    });
    response
}

async fn fetch(url: &str) -> Answer {
    let (scheme, rest) = url.split_once("://").ok_or(ErrorCode::HttpRequestUriInvalid)?;
    let slash = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(slash);
    let (_trailers, trailers_reader) = wit_future::new(|| Ok(None));
    let (request, _sent) = Request::new(Fields::new(), None, trailers_reader, None);
    let scheme = if scheme == "https" { Scheme::Https } else { Scheme::Http };
    request.set_method(&Method::Get).unwrap();
    request.set_scheme(Some(&scheme)).unwrap();
    request.set_authority(Some(authority)).map_err(|()| ErrorCode::HttpRequestUriInvalid)?;
    request.set_path_with_query(Some(path)).map_err(|()| ErrorCode::HttpRequestUriInvalid)?;
    match client::send(request).await {
        // Handed on as it is: status, headers, body.
        Ok(response) => Ok(response),
        Err(error) => Ok(text(502, &format!("{error:?}\n"))),
    }
}

/// Goes on when the response is complete.
fn late() -> Response {
    wit_bindgen::spawn(async {
        monotonic_clock::wait_for(50_000_000).await;
        let (mut writer, reader) = wit_stream::new();
        let written = stdout::write_via_stream(reader);
        writer.write_all(b"written after the response\n".to_vec()).await;
        drop(writer);
        let _ = written.await;
    });
    text(200, "Done\n")
}

fn trap_late() -> Response {
    let (mut writer, body) = wit_stream::new();
    let (trailers, trailers_reader) = wit_future::new(|| Ok(None));
    let (response, _fate) = Response::new(Fields::new(), Some(body), trailers_reader);
    wit_bindgen::spawn(async move {
        writer.write_all(b"The first part of the body\n".to_vec()).await;
        drop(trailers);
        panic!("asked to trap after the head");
    });
    response
}
