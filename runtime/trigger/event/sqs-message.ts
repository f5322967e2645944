import type { Message } from "@aws-sdk/client-sqs";

/** `message-attribute` of fermyon:spin-sqs/sqs-types@2.0.0. */
interface GuestAttribute {
  readonly name: string;
  readonly dataType: string | undefined;
  readonly value:
    | { readonly tag: "str"; readonly val: string }
    | { readonly tag: "binary"; readonly val: Uint8Array };
}

/** `message` of fermyon:spin-sqs/sqs-types@2.0.0. */
export interface GuestMessage {
  readonly id: string | undefined;
  readonly messageAttributes: readonly GuestAttribute[];
  readonly body: string | undefined;
}

/** A message as the guest sees it: attributes of the system first, then those of the sender. */
export function guestMessage(message: Message): GuestMessage {
  const system = Object.entries(message.Attributes ?? {}).map(([name, value]): GuestAttribute => ({
    name,
    dataType: undefined,
    value: { tag: "str", val: value },
  }));
  const user = Object.entries(message.MessageAttributes ?? {}).flatMap(
    ([name, { DataType, StringValue, BinaryValue }]): GuestAttribute[] => {
      const common = { name, dataType: DataType };
      if (StringValue !== undefined) {
        return [{ ...common, value: { tag: "str", val: StringValue } }];
      }
      if (BinaryValue === undefined) return [];
      return [{ ...common, value: { tag: "binary", val: BinaryValue } }];
    },
  );
  return { id: message.MessageId, messageAttributes: [...system, ...user], body: message.Body };
}
