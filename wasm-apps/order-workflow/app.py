"""Takes orders from a Redis channel, keeps them in PostgreSQL and tells the warehouse by MQTT.

An order is {"id": "A-1", "item": "lamp", "quantity": 2}. It is stored once, however often it comes;
only a new one is published, on the topic orders/ID/accepted. What is no order is told and dropped:
it would be wrong the next time too.
"""

import json
from dataclasses import dataclass

from spin_sdk import mqtt, postgres, variables
from spin_sdk.wit import exports
from spin_sdk.wit.imports.spin_mqtt_mqtt_3_0_0 import Qos
from spin_sdk.wit.imports.spin_postgres_postgres_4_2_0 import (
    ParameterValue_Int32 as Int32,
    ParameterValue_Str as Str,
)

# PostgreSQL refuses one of two that make the same table at the same moment, so they take turns.
TABLE = """
DO $$ BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('orders'));
    CREATE TABLE IF NOT EXISTS orders (
        id text PRIMARY KEY,
        item text NOT NULL,
        quantity int4 NOT NULL CHECK (quantity > 0),
        accepted timestamptz NOT NULL DEFAULT now()
    );
END $$"""
INSERT = "INSERT INTO orders (id, item, quantity) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"


@dataclass
class Order:
    id: str
    item: str
    quantity: int


def parse(message: bytes) -> Order | None:
    try:
        order = Order(**json.loads(message))
    except (ValueError, TypeError):
        return None
    is_named = all(isinstance(text, str) and text for text in (order.id, order.item))
    return order if is_named and isinstance(order.quantity, int) and order.quantity > 0 else None


async def store(order: Order) -> bool:
    """Whether the order is new."""
    with await postgres.Connection.open(await variables.get("database_address")) as database:
        await database.execute(TABLE, [])
        values = [Str(order.id), Str(order.item), Int32(order.quantity)]
        return await database.execute(INSERT, values) == 1


async def announce(order: Order) -> None:
    address = await variables.get("mqtt_address")
    with await mqtt.open(address, "", "", 30) as broker:
        text = json.dumps({"item": order.item, "quantity": order.quantity})
        await broker.publish(f"orders/{order.id}/accepted", text.encode(), Qos.AT_LEAST_ONCE)


class RedisHandler(exports.RedisHandler):
    async def handle_message(self, message: bytes) -> None:
        order = parse(message)
        if order is None:
            print(f"no order: {message!r}")
        elif await store(order):
            await announce(order)
            print(f"accepted {order.id}")
        else:
            print(f"known {order.id}")
