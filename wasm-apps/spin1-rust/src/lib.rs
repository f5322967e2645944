//! Every function of the interfaces of Spin 1: `POST /INTERFACE/FUNCTION` with the arguments as a
//! JSON array is answered with the function's result.

use serde::{Serialize, de::DeserializeOwned};

wit_bindgen::generate!({
    world: "spin1",
    path: "wit",
    generate_all,
    additional_derives: [serde::Serialize, serde::Deserialize],
});

use exports::fermyon::spin::inbound_http::{Guest, Request, Response};
use fermyon::spin::{config, http, key_value, llm, mysql, postgres, redis, sqlite};

struct Spin1;

/// Undefined where the arguments are of another form.
fn call<A: DeserializeOwned, R: Serialize>(body: &[u8], function: impl FnOnce(A) -> R) -> Answer {
    let arguments = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    serde_json::to_vec(&function(arguments)).map_err(|error| error.to_string())
}

type Answer = Result<Vec<u8>, String>;
type Bytes = Vec<u8>;

fn answer(path: &str, body: &[u8]) -> Answer {
    match path {
        "/config/get-config" => call(body, |(key,): (String,)| config::get_config(&key)),
        "/http/send-request" => {
            call(body, |(request,): (http::Request,)| http::send_request(&request))
        }
        "/llm/infer" => call(body, |(model, prompt, params): (String, String, Option<_>)| {
            llm::infer(&model, &prompt, params)
        }),
        "/llm/generate-embeddings" => call(body, |(model, text): (String, Vec<String>)| {
            llm::generate_embeddings(&model, &text)
        }),
        _ => stores(path, body)
            .or_else(|| servers(path, body))
            .unwrap_or(Err("no such function".into())),
    }
}

/// The first argument of most is the name of the store or database, opened and closed here.
fn stores(path: &str, body: &[u8]) -> Option<Answer> {
    Some(match path {
        "/key-value/open" => {
            call(body, |(name,): (String,)| key_value::open(&name).map(key_value::close))
        }
        "/key-value/get" => call(body, |(name, key): (String, String)| {
            in_store(&name, |store| key_value::get(store, &key))
        }),
        "/key-value/set" => call(body, |(name, key, value): (String, String, Bytes)| {
            in_store(&name, |store| key_value::set(store, &key, &value))
        }),
        "/key-value/delete" => call(body, |(name, key): (String, String)| {
            in_store(&name, |store| key_value::delete(store, &key))
        }),
        "/key-value/exists" => call(body, |(name, key): (String, String)| {
            in_store(&name, |store| key_value::exists(store, &key))
        }),
        "/key-value/get-keys" => {
            call(body, |(name,): (String,)| in_store(&name, key_value::get_keys))
        }
        "/key-value/get of store" => {
            call(body, |(store, key): (u32, String)| key_value::get(store, &key))
        }
        "/key-value/close" => call(body, |(name, key): (String, String)| {
            key_value::open(&name).and_then(|store| {
                key_value::close(store);
                key_value::get(store, &key)
            })
        }),
        "/key-value/open many" => call(body, |(name, count): (String, usize)| {
            (0..count)
                .map(|_| key_value::open(&name))
                .collect::<Result<Vec<_>, _>>()
                .map(|all| all.len())
        }),
        "/sqlite/open" => call(body, |(name,): (String,)| sqlite::open(&name).map(sqlite::close)),
        "/sqlite/execute" => {
            call(body, |(name, statement, values): (String, String, Vec<sqlite::Value>)| {
                sqlite::open(&name).and_then(|connection| {
                    let result = sqlite::execute(connection, &statement, &values);
                    sqlite::close(connection);
                    result
                })
            })
        }
        "/sqlite/execute of connection" => call(body, |(connection, statement): (u32, String)| {
            sqlite::execute(connection, &statement, &[])
        }),
        "/sqlite/close" => call(body, |(name,): (String,)| {
            sqlite::open(&name).and_then(|connection| {
                sqlite::close(connection);
                sqlite::execute(connection, "SELECT 1", &[])
            })
        }),
        _ => return None,
    })
}

fn in_store<R>(
    name: &str,
    use_store: impl FnOnce(u32) -> Result<R, key_value::Error>,
) -> Result<R, key_value::Error> {
    let store = key_value::open(name)?;
    let result = use_store(store);
    key_value::close(store);
    result
}

fn servers(path: &str, body: &[u8]) -> Option<Answer> {
    type Two = (String, String);
    type Statement<P> = (String, String, Vec<P>);
    Some(match path {
        "/redis/publish" => call(body, |(address, channel, payload): (String, String, Bytes)| {
            redis::publish(&address, &channel, &payload)
        }),
        "/redis/get" => call(body, |(address, key): Two| redis::get(&address, &key)),
        "/redis/set" => call(body, |(address, key, value): (String, String, Bytes)| {
            redis::set(&address, &key, &value)
        }),
        "/redis/incr" => call(body, |(address, key): Two| redis::incr(&address, &key)),
        "/redis/del" => {
            call(body, |(address, keys): (String, Vec<String>)| redis::del(&address, &keys))
        }
        "/redis/sadd" => call(body, |(address, key, values): (String, String, Vec<String>)| {
            redis::sadd(&address, &key, &values)
        }),
        "/redis/smembers" => call(body, |(address, key): Two| redis::smembers(&address, &key)),
        "/redis/srem" => call(body, |(address, key, values): (String, String, Vec<String>)| {
            redis::srem(&address, &key, &values)
        }),
        "/redis/execute" => call(body, |(address, command, values): (String, String, Vec<_>)| {
            redis::execute(&address, &command, &values)
        }),
        "/mysql/query" => call(body, |(address, statement, params): Statement<_>| {
            mysql::query(&address, &statement, &params)
        }),
        "/mysql/execute" => call(body, |(address, statement, params): Statement<_>| {
            mysql::execute(&address, &statement, &params)
        }),
        "/postgres/query" => call(body, |(address, statement, params): Statement<_>| {
            postgres::query(&address, &statement, &params)
        }),
        "/postgres/execute" => call(body, |(address, statement, params): Statement<_>| {
            postgres::execute(&address, &statement, &params)
        }),
        _ => return None,
    })
}

impl Guest for Spin1 {
    fn handle_request(request: Request) -> Response {
        // The router passes the path as it came: a space is %20.
        let path = request.uri.replace("%20", " ");
        let (status, body) = match answer(&path, &request.body.unwrap_or_default()) {
            Ok(json) => (200, json),
            Err(message) => (400, format!("{path}: {message}").into_bytes()),
        };
        Response { status, headers: None, body: Some(body) }
    }
}

export!(Spin1);
