use crate::fermyon::spin::{mysql, postgres};
use crate::{Answer, call};

/// The functions are the same in all of them, the types are not.
macro_rules! database {
    ($connection:ty, $function:expr, $body:expr) => {
        match $function {
            "open" => {
                Some(call($body, |(address,): (String,)| <$connection>::open(&address).map(drop)))
            }
            "open many" => Some(call($body, |(address, count): (String, usize)| {
                let all: Result<Vec<_>, _> =
                    (0..count).map(|_| <$connection>::open(&address)).collect();
                all.map(|connections| connections.len())
            })),
            "query" => {
                Some(call($body, |(address, statement, params): (String, String, Vec<_>)| {
                    <$connection>::open(&address)?.query(&statement, &params)
                }))
            }
            "execute" => {
                Some(call($body, |(address, statement, params): (String, String, Vec<_>)| {
                    <$connection>::open(&address)?.execute(&statement, &params)
                }))
            }
            _ => None,
        }
    };
}

pub fn answer(path: &str, body: &[u8]) -> Option<Answer> {
    let (interface, function) = path[1..].split_once('/')?;
    match interface {
        "mysql@2.0.0" => database!(mysql::Connection, function, body),
        "postgres@2.0.0" => database!(postgres::Connection, function, body),
        _ => None,
    }
}
