use crate::wasi::clocks::wall_clock::Datetime;
use crate::wasi::otel::logs::{self, LogRecord};
use crate::wasi::otel::metrics::{
    self, Metric, MetricData, MetricNumber, ResourceMetrics, ScopeMetrics, Sum, SumDataPoint,
    Temporality,
};
use crate::wasi::otel::tracing::{self, SpanContext, SpanData, SpanKind, Status};
use crate::wasi::otel::types::{InstrumentationScope, KeyValue, Resource};
use wasi::http::outgoing_handler;
use wasi::http::types::{Fields, OutgoingRequest, Scheme};

/// Status of the answer of `url`, asked for inside a span that hangs from the host's.
pub fn traced(url: &str) -> Result<Option<u16>, String> {
    let outer = tracing::outer_span_context();
    let span_id = format!("{:016x}", wasi::random::random::get_random_u64() | 1);
    let context = SpanContext { span_id, ..outer.clone() };
    let start = now();
    tracing::on_start(&context);
    let status = get(url);
    logs::on_emit(&record(&context, start));
    metrics::export(&counted(start))?;
    tracing::on_end(&span(context, outer.span_id, start));
    Ok(status)
}

fn now() -> Datetime {
    let now = wasi::clocks::wall_clock::now();
    Datetime { seconds: now.seconds, nanoseconds: now.nanoseconds }
}

fn get(url: &str) -> Option<u16> {
    let (_scheme, rest) = url.split_once("://")?;
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let request = OutgoingRequest::new(Fields::new());
    request.set_scheme(Some(&Scheme::Http)).ok()?;
    request.set_authority(Some(authority)).ok()?;
    request.set_path_with_query(Some(path)).ok()?;
    let response = outgoing_handler::handle(request, None).ok()?;
    response.subscribe().block();
    Some(response.get()?.ok()?.ok()?.status())
}

fn scope() -> InstrumentationScope {
    let version = Some("1.2.3".to_owned());
    InstrumentationScope { name: "traced".to_owned(), version, schema_url: None, attributes: vec![] }
}

fn record(context: &SpanContext, time: Datetime) -> LogRecord {
    LogRecord {
        timestamp: Some(time),
        observed_timestamp: None,
        severity_text: Some("INFO".to_owned()),
        severity_number: Some(9),
        body: Some("\"the guest has called\"".to_owned()),
        attributes: None,
        event_name: None,
        resource: None,
        instrumentation_scope: Some(scope()),
        trace_id: Some(context.trace_id.clone()),
        span_id: Some(context.span_id.clone()),
        trace_flags: Some(context.trace_flags),
    }
}

fn counted(time: Datetime) -> ResourceMetrics {
    let value = MetricNumber::U64(1);
    let point = SumDataPoint { attributes: vec![], value, exemplars: vec![] };
    let sum = Sum {
        data_points: vec![point],
        start_time: time,
        time,
        temporality: Temporality::Delta,
        is_monotonic: true,
    };
    let metric = Metric {
        name: "guest.calls".to_owned(),
        description: "Calls of the guest".to_owned(),
        unit: "{call}".to_owned(),
        data: MetricData::U64Sum(sum),
    };
    ResourceMetrics {
        resource: Resource { attributes: vec![], schema_url: None },
        scope_metrics: vec![ScopeMetrics { scope: scope(), metrics: vec![metric] }],
    }
}

fn span(span_context: SpanContext, parent_span_id: String, start_time: Datetime) -> SpanData {
    let attribute = KeyValue { key: "order".to_owned(), value: "42".to_owned() };
    SpanData {
        span_context,
        parent_span_id,
        span_kind: SpanKind::Internal,
        name: "guest work".to_owned(),
        start_time,
        end_time: now(),
        attributes: vec![attribute],
        events: vec![],
        links: vec![],
        status: Status::Ok,
        instrumentation_scope: scope(),
        dropped_attributes: 0,
        dropped_events: 0,
        dropped_links: 0,
    }
}
