/**
 * Components, as text, that hand every request on to the one that they depend on. That one gets
 * none of what their manifest permits, unless it inherits it.
 */
export interface PassingComponent {
  /** What is imported, and exported as it is. */
  readonly handler: string;
  readonly wat: string;
}

/** For what exports the handler of WASI 0.2. */
export const passingHandler: PassingComponent = {
  handler: "wasi:http/incoming-handler@0.2.12",
  wat: `(component
    (import "wasi:http/types@0.2.12" (instance $types
      (export "incoming-request" (type (sub resource)))
      (export "response-outparam" (type (sub resource)))))
    (alias export $types "incoming-request" (type $request))
    (alias export $types "response-outparam" (type $outparam))
    (import "wasi:http/incoming-handler@0.2.12" (instance $handler
      (alias outer 1 $request (type $in)) (export "incoming-request" (type $r (eq $in)))
      (alias outer 1 $outparam (type $out)) (export "response-outparam" (type $o (eq $out)))
      (export "handle" (func (param "request" (own $r)) (param "response-out" (own $o))))))
    (export "wasi:http/incoming-handler@0.2.12" (instance $handler)))`,
};

/** For what exports the handler of Spin 1. */
export const passingInbound: PassingComponent = {
  handler: "fermyon:spin/inbound-http",
  wat: `(component
    (import "fermyon:spin/http-types" (instance $types
      (type $method (enum "get" "post" "put" "delete" "patch" "head" "options"))
      (export "method" (type $m (eq $method)))
      (type $pairs (list (tuple string string)))
      (type $body (option (list u8)))
      (type $request (record (field "method" $m) (field "uri" string) (field "headers" $pairs)
        (field "params" $pairs) (field "body" $body)))
      (export "request" (type (eq $request)))
      (type $response (record (field "status" u16) (field "headers" (option $pairs))
        (field "body" $body)))
      (export "response" (type (eq $response)))))
    (alias export $types "request" (type $request))
    (alias export $types "response" (type $response))
    (import "fermyon:spin/inbound-http" (instance $handler
      (alias outer 1 $request (type $in)) (export "request" (type $r (eq $in)))
      (alias outer 1 $response (type $out)) (export "response" (type $o (eq $out)))
      (export "handle-request" (func (param "req" $r) (result $o)))))
    (export "fermyon:spin/inbound-http" (instance $handler)))`,
};
