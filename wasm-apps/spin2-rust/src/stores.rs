use crate::fermyon::spin::{key_value, llm, sqlite, variables};
use crate::{Answer, Bytes, call};

pub fn answer(path: &str, body: &[u8]) -> Option<Answer> {
    let (interface, function) = path[1..].split_once('/')?;
    match interface {
        "variables@2.0.0" => Some(call(body, |(name,): (String,)| variables::get(&name))),
        "key-value@2.0.0" => key_value_2(function, body),
        "sqlite@2.0.0" => sqlite_2(function, body),
        "llm@2.0.0" => llm_2(function, body),
        _ => None,
    }
}

fn key_value_2(function: &str, body: &[u8]) -> Option<Answer> {
    use key_value::Store;
    Some(match function {
        "open" => call(body, |(label,): (String,)| Store::open(&label).map(drop)),
        "open many" => call(body, |(label, count): (String, usize)| {
            let all: Result<Vec<_>, _> = (0..count).map(|_| Store::open(&label)).collect();
            all.map(|stores| stores.len())
        }),
        "get" => call(body, |(label, key): (String, String)| Store::open(&label)?.get(&key)),
        "set" => call(body, |(label, key, value): (String, String, Bytes)| {
            Store::open(&label)?.set(&key, &value)
        }),
        "delete" => call(body, |(label, key): (String, String)| Store::open(&label)?.delete(&key)),
        "exists" => call(body, |(label, key): (String, String)| Store::open(&label)?.exists(&key)),
        "get-keys" => call(body, |(label,): (String,)| Store::open(&label)?.get_keys()),
        _ => return None,
    })
}

fn sqlite_2(function: &str, body: &[u8]) -> Option<Answer> {
    use sqlite::Connection;
    Some(match function {
        "open" => call(body, |(name,): (String,)| Connection::open(&name).map(drop)),
        "open many" => call(body, |(name, count): (String, usize)| {
            let all: Result<Vec<_>, _> = (0..count).map(|_| Connection::open(&name)).collect();
            all.map(|connections| connections.len())
        }),
        "execute" => call(body, |(name, statement, values): (String, String, Vec<_>)| {
            Connection::open(&name)?.execute(&statement, &values)
        }),
        _ => return None,
    })
}

fn llm_2(function: &str, body: &[u8]) -> Option<Answer> {
    Some(match function {
        "infer" => call(body, |(model, prompt, params): (String, String, Option<_>)| {
            llm::infer(&model, &prompt, params)
        }),
        "generate-embeddings" => call(body, |(model, text): (String, Vec<String>)| {
            llm::generate_embeddings(&model, &text)
        }),
        _ => return None,
    })
}
