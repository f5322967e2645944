//! One route for each figure: `/key-value` and `/redis` set and get a value, `/postgres` sends a
//! query; the benchmarks compare them with a plain server that does the same.

use wasi::exports::http::incoming_handler::Guest;
use wasi::http::types::{
    Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam,
};

wit_bindgen::generate!({ world: "figures", path: "wit", generate_all });

use fermyon::spin::{key_value, postgres, rdbms_types, redis, variables};

struct Figures;

fn key_value() -> Result<Vec<u8>, String> {
    let store = key_value::Store::open("default").map_err(text)?;
    store.set("key", b"value").map_err(text)?;
    store.get("key").map_err(text).map(Option::unwrap_or_default)
}

fn redis() -> Result<Vec<u8>, String> {
    let address = variables::get("redis_address").map_err(text)?;
    let connection = redis::Connection::open(&address).map_err(text)?;
    connection.set("key", b"value").map_err(text)?;
    connection.get("key").map_err(text).map(Option::unwrap_or_default)
}

fn postgres() -> Result<Vec<u8>, String> {
    let address = variables::get("database_address").map_err(text)?;
    let connection = postgres::Connection::open(&address).map_err(text)?;
    let number = [rdbms_types::ParameterValue::Int32(41)];
    let rows = connection.query("SELECT $1::int4 + 1 AS next", &number).map_err(text)?;
    Ok(format!("{:?}", rows.rows).into_bytes())
}

fn text(error: impl std::fmt::Debug) -> String {
    format!("{error:?}")
}

impl Guest for Figures {
    fn handle(request: IncomingRequest, outparam: ResponseOutparam) {
        let result = match request.path_with_query().as_deref() {
            Some("/key-value") => key_value(),
            Some("/redis") => redis(),
            Some("/postgres") => postgres(),
            _ => Ok(b"routes: /key-value /redis /postgres\n".to_vec()),
        };
        let (status, content) = match result {
            Ok(content) => (200, content),
            Err(message) => (500, message.into_bytes()),
        };
        let response = OutgoingResponse::new(Fields::new());
        response.set_status_code(status).unwrap();
        let body = response.body().unwrap();
        ResponseOutparam::set(outparam, Ok(response));
        let stream = body.write().unwrap();
        stream.blocking_write_and_flush(&content).unwrap();
        drop(stream);
        OutgoingBody::finish(body, None).unwrap();
    }
}

wasi::http::proxy::export!(Figures);
