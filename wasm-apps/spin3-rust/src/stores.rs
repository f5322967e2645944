use crate::spin::sqlite::sqlite as sqlite3;
use crate::wasi::config::store as config;
use crate::wasi::keyvalue::atomics::{self, CasError};
use crate::wasi::keyvalue::{batch, store};
use crate::{Answer, Bytes, call};

pub fn answer(path: &str, body: &[u8]) -> Option<Answer> {
    let (interface, function) = path[1..].split_once('/')?;
    match interface {
        "wasi:keyvalue" => wasi_store(function, body),
        "wasi:config" => wasi_config(function, body),
        "sqlite@3.0.0" => sqlite_3(function, body),
        _ => None,
    }
}

fn wasi_store(function: &str, body: &[u8]) -> Option<Answer> {
    use store::open;
    type Key = (String, String);
    Some(match function {
        "open" => call(body, |(name,): (String,)| open(&name).map(drop)),
        "open many" => call(body, |(name, count): (String, usize)| {
            let all: Result<Vec<_>, _> = (0..count).map(|_| open(&name)).collect();
            all.map(|buckets| buckets.len())
        }),
        "get" => call(body, |(name, key): Key| open(&name)?.get(&key)),
        "set" => {
            call(body, |(name, key, value): (String, String, Bytes)| open(&name)?.set(&key, &value))
        }
        "delete" => call(body, |(name, key): Key| open(&name)?.delete(&key)),
        "exists" => call(body, |(name, key): Key| open(&name)?.exists(&key)),
        "list-keys" => call(body, |(name, cursor): (String, Option<String>)| {
            open(&name)?.list_keys(cursor.as_deref())
        }),
        "increment" => call(body, |(name, key, delta): (String, String, i64)| {
            atomics::increment(&open(&name)?, &key, delta)
        }),
        "current" => {
            call(body, |(name, key): Key| atomics::Cas::new(&open(&name)?, &key)?.current())
        }
        "swap" => {
            call(body, |(name, key, between, value): (String, String, Option<Bytes>, Bytes)| {
                swap(&name, &key, between, &value)
            })
        }
        "get-many" => {
            call(body, |(name, keys): (String, Vec<String>)| batch::get_many(&open(&name)?, &keys))
        }
        "set-many" => call(body, |(name, values): (String, Vec<(String, Bytes)>)| {
            batch::set_many(&open(&name)?, &values)
        }),
        "delete-many" => call(body, |(name, keys): (String, Vec<String>)| {
            batch::delete_many(&open(&name)?, &keys)
        }),
        _ => return None,
    })
}

/// Reads, lets another value be written in between where there is one, and swaps.
fn swap(name: &str, key: &str, between: Option<Bytes>, value: &[u8]) -> Result<(), CasError> {
    let bucket = store::open(name).map_err(CasError::StoreError)?;
    let cas = atomics::Cas::new(&bucket, key).map_err(CasError::StoreError)?;
    cas.current().map_err(CasError::StoreError)?;
    if let Some(other) = between {
        bucket.set(key, &other).map_err(CasError::StoreError)?;
    }
    atomics::swap(cas, value)
}

fn wasi_config(function: &str, body: &[u8]) -> Option<Answer> {
    Some(match function {
        "get" => call(body, |(key,): (String,)| config::get(&key)),
        "get-all" => call(body, |_: [(); 0]| config::get_all()),
        _ => return None,
    })
}

/// The last two execute a statement first.
fn sqlite_3(function: &str, body: &[u8]) -> Option<Answer> {
    use sqlite3::Connection;
    Some(match function {
        "open" => call(body, |(name,): (String,)| Connection::open(&name).map(drop)),
        "open many" => call(body, |(name, count): (String, usize)| {
            let all: Result<Vec<_>, _> = (0..count).map(|_| Connection::open(&name)).collect();
            all.map(|connections| connections.len())
        }),
        "execute" => call(body, |(name, statement, values): (String, String, Vec<_>)| {
            Connection::open(&name)?.execute(&statement, &values)
        }),
        "last-insert-rowid" => call(body, |(name, statement): (String, String)| {
            let connection = Connection::open(&name)?;
            connection.execute(&statement, &[]).map(|_| connection.last_insert_rowid())
        }),
        "changes" => call(body, |(name, statement): (String, String)| {
            let connection = Connection::open(&name)?;
            connection.execute(&statement, &[]).map(|_| connection.changes())
        }),
        _ => return None,
    })
}

/// A handle is told as what it stands for: the value that the key has by now.
impl serde::Serialize for atomics::Cas {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.current().map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

/// Only there because the bindings derive it for what contains handles.
impl<'de> serde::Deserialize<'de> for atomics::Cas {
    fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(serde::de::Error::custom("handles are not accepted"))
    }
}
