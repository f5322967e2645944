/**
 * Which addresses outside the app a component may use (`allowed_outbound_hosts`). Each interface
 * that connects somewhere asks before it does.
 */
export interface OutboundScope {
  readonly outbound: {
    /** `host` is a name or an IP address; `port` is undefined for the scheme's default. */
    allows(scheme: string, host: string, port: number | undefined): boolean;
  };
}
