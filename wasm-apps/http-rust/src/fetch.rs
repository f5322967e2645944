//! An outbound request whose response is passed on.

use crate::body::{Response, copy, send_text};
use wasi::http::outgoing_handler;
use wasi::http::types::{
    ErrorCode, Fields, IncomingResponse, OutgoingBody, OutgoingRequest, ResponseOutparam, Scheme,
};

pub fn fetch(outparam: ResponseOutparam, url: &str) {
    match get(url) {
        Ok(incoming) => pass_on(outparam, &incoming),
        Err(error) => send_text(outparam, 502, &format!("{error:?}\n")),
    }
}

fn get(url: &str) -> Result<IncomingResponse, ErrorCode> {
    let (scheme, rest) = url.split_once("://").ok_or(ErrorCode::HttpRequestUriInvalid)?;
    let slash = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(slash);
    let request = OutgoingRequest::new(Fields::new());
    let scheme = if scheme == "https" { Scheme::Https } else { Scheme::Http };
    request.set_scheme(Some(&scheme)).map_err(|()| ErrorCode::HttpRequestUriInvalid)?;
    request.set_authority(Some(authority)).map_err(|()| ErrorCode::HttpRequestUriInvalid)?;
    request.set_path_with_query(Some(path)).map_err(|()| ErrorCode::HttpRequestUriInvalid)?;
    let body = request.body().unwrap();
    let response = outgoing_handler::handle(request, None)?;
    OutgoingBody::finish(body, None)?;
    response.subscribe().block();
    response.get().unwrap().unwrap()
}

fn pass_on(outparam: ResponseOutparam, incoming: &IncomingResponse) {
    let response = Response::start(outparam, incoming.status(), &[]);
    let body = incoming.consume().unwrap();
    copy(&body.stream().unwrap(), response.stream());
    response.finish();
}
