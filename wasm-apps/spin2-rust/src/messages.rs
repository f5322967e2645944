use crate::fermyon::spin::{mqtt, redis};
use crate::{Answer, Bytes, call};

pub fn answer(path: &str, body: &[u8]) -> Option<Answer> {
    let (interface, function) = path[1..].split_once('/')?;
    match interface {
        "redis@2.0.0" => redis_2(function, body),
        "mqtt@2.0.0" => mqtt_2(function, body),
        _ => None,
    }
}

fn redis_2(function: &str, body: &[u8]) -> Option<Answer> {
    use redis::Connection;
    type Key = (String, String);
    type Values = (String, String, Vec<String>);
    Some(match function {
        "open" => call(body, |(address,): (String,)| Connection::open(&address).map(drop)),
        "open many" => call(body, |(address, count): (String, usize)| {
            let all: Result<Vec<_>, _> = (0..count).map(|_| Connection::open(&address)).collect();
            all.map(|connections| connections.len())
        }),
        "publish" => call(body, |(address, channel, payload): (String, String, Bytes)| {
            Connection::open(&address)?.publish(&channel, &payload)
        }),
        "get" => call(body, |(address, key): Key| Connection::open(&address)?.get(&key)),
        "set" => call(body, |(address, key, value): (String, String, Bytes)| {
            Connection::open(&address)?.set(&key, &value)
        }),
        "incr" => call(body, |(address, key): Key| Connection::open(&address)?.incr(&key)),
        "del" => call(body, |(address, keys): (String, Vec<String>)| {
            Connection::open(&address)?.del(&keys)
        }),
        "sadd" => call(body, |(address, key, values): Values| {
            Connection::open(&address)?.sadd(&key, &values)
        }),
        "smembers" => call(body, |(address, key): Key| Connection::open(&address)?.smembers(&key)),
        "srem" => call(body, |(address, key, values): Values| {
            Connection::open(&address)?.srem(&key, &values)
        }),
        "execute" => call(body, |(address, command, values): (String, String, Vec<_>)| {
            Connection::open(&address)?.execute(&command, &values)
        }),
        _ => return None,
    })
}

fn mqtt_2(function: &str, body: &[u8]) -> Option<Answer> {
    use mqtt::Connection;
    type Login = (String, String, String, u64);
    let open = |(address, username, password, keep_alive): Login| {
        Connection::open(&address, &username, &password, keep_alive)
    };
    Some(match function {
        "open" => call(body, |(login,): (Login,)| open(login).map(drop)),
        "open many" => call(body, |(login, count): (Login, usize)| {
            let all: Result<Vec<_>, _> = (0..count).map(|_| open(login.clone())).collect();
            all.map(|connections| connections.len())
        }),
        "publish" => {
            call(body, |(login, topic, payload, qos): (Login, String, Bytes, mqtt::Qos)| {
                open(login)?.publish(&topic, &payload, qos)
            })
        }
        _ => return None,
    })
}
