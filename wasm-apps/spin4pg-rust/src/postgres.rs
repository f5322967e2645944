use crate::spin::postgres::postgres::{Connection, ConnectionBuilder, Error, ParameterValue};
use crate::{Answer, call, unknown};

/// The builder's functions get a certificate after the address.
pub async fn answer(function: &str, body: &[u8]) -> Answer {
    type Statement = (String, String, Vec<ParameterValue>);
    match function {
        "open" => {
            call(body, async |(address,): (String,)| Connection::open(&address).map(drop)).await
        }
        "open-async" => {
            call(body, async |(address,): (String,)| {
                Connection::open_async(address).await.map(drop)
            })
            .await
        }
        "query" => {
            call(body, async |(address, statement, params): Statement| {
                Connection::open(&address)?.query(&statement, &params)
            })
            .await
        }
        "query-async" => {
            call(body, async |(address, statement, params): Statement| {
                let connection = Connection::open_async(address).await?;
                let (columns, rows, end) = connection.query_async(statement, params).await?;
                let rows = rows.collect().await;
                end.await.map(|()| (columns, rows))
            })
            .await
        }
        "execute" => {
            call(body, async |(address, statement, params): Statement| {
                Connection::open(&address)?.execute(&statement, &params)
            })
            .await
        }
        "execute-async" => {
            call(body, async |(address, statement, params): Statement| {
                Connection::open_async(address).await?.execute_async(statement, params).await
            })
            .await
        }
        "build" => {
            call(body, async |(address, root): Tls| select(builder(&address, root)?.build()?)).await
        }
        "build-async" => {
            call(body, async |(address, root): Tls| {
                select(builder(&address, root)?.build_async().await?)
            })
            .await
        }
        _ => unknown(),
    }
}

type Tls = (String, Option<String>);

fn builder(address: &str, root: Option<String>) -> Result<ConnectionBuilder, Error> {
    let builder = ConnectionBuilder::new(address);
    root.map_or(Ok(()), |certificate| builder.set_ca_root(&certificate))?;
    Ok(builder)
}

/// Whether the connection is good for anything.
fn select(connection: Connection) -> Result<crate::spin::postgres::postgres::RowSet, Error> {
    connection.query("SELECT 1::int4 AS one", &[])
}
