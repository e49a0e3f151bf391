{{/* Every object is named after the release. Services allow 63 characters. */}}
{{- define "ccg.release" -}}
{{ .Release.Name | trunc 50 | trimSuffix "-" }}
{{- end }}

{{/* The components of this release, as a JSON list. */}}
{{- define "ccg.components" -}}
{{- $components := list "gateway" }}
{{- if .Values.worker.enabled }}{{ $components = append $components "worker" }}{{ end }}
{{- if .Values.admin.enabled }}{{ $components = append $components "admin" }}{{ end }}
{{- toJson $components }}
{{- end }}

{{/* Labels that select the pods of a component; of all pods of the release, without one. */}}
{{- define "ccg.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end }}

{{- define "ccg.labels" -}}
{{ include "ccg.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end }}

{{/* The metadata of an object: root, component, name, and more labels and annotations where there are some. */}}
{{- define "ccg.metadata" -}}
name: {{ .name }}
namespace: {{ .root.Release.Namespace | quote }}
labels:
  {{- merge (include "ccg.labels" . | fromYaml) (.labels | default dict) | toYaml | nindent 2 }}
{{- with .annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "ccg.image" -}}
{{- $image := .values.image -}}
{{- with .root.Values.image.registry }}{{ trimSuffix "/" . }}/{{ end }}{{ $image.repository }}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ $image.tag | default .root.Chart.AppVersion }}{{ end }}
{{- end }}

{{/* A value as the text of a variable: Helm holds every number as a float. */}}
{{- define "ccg.text" -}}
{{- if kindIs "float64" . }}{{ int64 . }}{{ else }}{{ . }}{{ end }}
{{- end }}

{{/* The port that a component's container listens on for probes and metrics. */}}
{{- define "ccg.opsPort" -}}
{{ include "ccg.text" (.values.variables.OPS_PORT | default 4002) }}
{{- end }}

{{/* The name of the variable that holds the port for clients, and the port. */}}
{{- define "ccg.portVariable" -}}
{{ eq .component "gateway" | ternary "PORT" "ADMIN_PORT" }}
{{- end }}

{{- define "ccg.port" -}}
{{ include "ccg.text" (get .values.variables (include "ccg.portVariable" .) | default (eq .component "gateway" | ternary 4000 4001)) }}
{{- end }}
