use crate::spin::key_value::key_value::Store;
use crate::spin::sqlite::sqlite::{self, Connection};
use crate::spin::variables::variables;
use crate::{Answer, Bytes, call, unknown};

pub async fn answer(interface: &str, function: &str, body: &[u8]) -> Answer {
    match interface {
        "variables@3.0.0" => call(body, async |(name,): (String,)| variables::get(name).await).await,
        "key-value@3.0.0" => key_value(function, body).await,
        _ => sqlite(function, body).await,
    }
}

async fn key_value(function: &str, body: &[u8]) -> Answer {
    type Key = (String, String);
    match function {
        "open" => call(body, async |(label,): (String,)| Store::open(label).await.map(drop)).await,
        "open many" => {
            call(body, async |(label, count): (String, usize)| {
                let mut stores = Vec::new();
                for _ in 0..count {
                    stores.push(Store::open(label.clone()).await?);
                }
                Ok::<_, crate::spin::key_value::key_value::Error>(stores.len())
            })
            .await
        }
        "get" => call(body, async |(label, key): Key| Store::open(label).await?.get(key).await).await,
        "set" => {
            call(body, async |(label, key, value): (String, String, Bytes)| {
                Store::open(label).await?.set(key, value).await
            })
            .await
        }
        "delete" => {
            call(body, async |(label, key): Key| Store::open(label).await?.delete(key).await).await
        }
        "exists" => {
            call(body, async |(label, key): Key| Store::open(label).await?.exists(key).await).await
        }
        "get-keys" => {
            call(body, async |(label,): (String,)| {
                let (keys, end) = Store::open(label).await?.get_keys().await;
                let keys = keys.collect().await;
                end.await.map(|()| keys)
            })
            .await
        }
        _ => unknown(),
    }
}

async fn sqlite(function: &str, body: &[u8]) -> Answer {
    type Statement = (String, String, Vec<sqlite::Value>);
    match function {
        "open" => call(body, async |(name,): (String,)| Connection::open(&name).map(drop)).await,
        "open-async" => {
            call(body, async |(name,): (String,)| Connection::open_async(name).await.map(drop)).await
        }
        "execute" => {
            call(body, async |(name, statement, values): Statement| {
                Connection::open(&name)?.execute(&statement, &values)
            })
            .await
        }
        "execute-async" => {
            call(body, async |(name, statement, values): Statement| {
                let connection = Connection::open_async(name).await?;
                let (columns, rows, end) = connection.execute_async(statement, values).await?;
                let rows = rows.collect().await;
                end.await.map(|()| sqlite::QueryResult { columns, rows })
            })
            .await
        }
        "last-insert-rowid" => after(body, async |connection| connection.last_insert_rowid()).await,
        "last-insert-rowid-async" => {
            after(body, async |connection| connection.last_insert_rowid_async().await).await
        }
        "changes" => after(body, async |connection| connection.changes()).await,
        "changes-async" => after(body, async |connection| connection.changes_async().await).await,
        _ => unknown(),
    }
}

/// What a function says after a statement.
async fn after<R: serde::Serialize>(body: &[u8], function: impl AsyncFnOnce(Connection) -> R) -> Answer {
    call(body, async |(name, statement): (String, String)| {
        let connection = Connection::open_async(name).await?;
        connection.execute(&statement, &[])?;
        Ok::<_, sqlite::Error>(function(connection).await)
    })
    .await
}
