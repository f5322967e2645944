use crate::spin::sqlite::sqlite::{self, Connection};
use crate::{Answer, call, unknown};

pub async fn answer(function: &str, body: &[u8]) -> Answer {
    type Statement = (String, String, Vec<sqlite::Value>);
    match function {
        "open" => call(body, async |(name,): (String,)| Connection::open(&name).map(drop)).await,
        "open-async" => {
            call(body, async |(name,): (String,)| Connection::open_async(name).await.map(drop))
                .await
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
async fn after<R: serde::Serialize>(
    body: &[u8],
    function: impl AsyncFnOnce(Connection) -> R,
) -> Answer {
    call(body, async |(name, statement): (String, String)| {
        let connection = Connection::open_async(name).await?;
        connection.execute(&statement, &[])?;
        Ok::<_, sqlite::Error>(function(connection).await)
    })
    .await
}
