{{- define "whorl.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "whorl.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "whorl.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "whorl.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "whorl.operator" -}}{{ include "whorl.fullname" . }}-operator{{- end -}}
{{- define "whorl.agent" -}}{{ include "whorl.fullname" . }}-agent{{- end -}}
{{- define "whorl.uninstaller" -}}{{ include "whorl.fullname" . }}-uninstaller{{- end -}}

{{- /* Names by which people reach the console, with commas. */ -}}
{{- define "whorl.consoleHosts" -}}
{{- $service := printf "%s-console.%s.svc" (include "whorl.operator" .) .Release.Namespace -}}
{{- concat (list $service (printf "%s.cluster.local" $service)) .Values.console.hostNames | join "," -}}
{{- end -}}

{{- define "whorl.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: whorl
{{ include "whorl.selector" . }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "whorl.selector" -}}
app.kubernetes.io/name: {{ include "whorl.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- /* Image of a dict with image and root. */ -}}
{{- define "whorl.image" -}}
{{- with .root.Values.imageRegistry }}{{ . }}/{{ end -}}
{{- if .image.digest -}}
{{ .image.repository }}@{{ .image.digest }}
{{- else -}}
{{ .image.repository }}:{{ default .root.Chart.AppVersion .image.tag }}
{{- end -}}
{{- end -}}

{{- /* The RuntimeClass of the default executor. */ -}}
{{- define "whorl.executorClass" -}}
{{- $classes := .Values.runtimeClasses -}}
{{- if .Values.defaultExecutor.runtimeClassName -}}
{{ .Values.defaultExecutor.runtimeClassName }}
{{- else if $classes.whorl.enabled -}}
{{ $classes.whorl.name }}
{{- else -}}
{{ $classes.spinkube.name }}
{{- end -}}
{{- end -}}

{{- define "whorl.restricted" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}
