{{/* Variables that are no secrets, of values that all components share. */}}
{{- define "ccg.sharedVariables" -}}
LOG_LEVEL: {{ .Values.logLevel | quote }}
{{- include "ccg.redisVariables" . }}
{{- with .Values.trustProxy }}
TRUST_PROXY: {{ join "," . | quote }}
{{- end }}
{{- if .Values.config }}
GATEWAY_CONFIG: /etc/ccg/config/gateway.yaml
{{- end }}
{{- range $name, $value := .Values.variables }}
{{ $name }}: {{ include "ccg.text" $value | quote }}
{{- end }}
{{- end }}

{{/* Variables that are secrets: each from a key of the same name. */}}
{{- define "ccg.secretVariables" -}}
- name: KEY_PEPPER
  valueFrom:
    secretKeyRef: { name: {{ .Values.keys.existingSecret | quote }}, key: KEY_PEPPER }
- name: KEY_PEPPER_PREVIOUS
  valueFrom:
    secretKeyRef: { name: {{ .Values.keys.existingSecret | quote }}, key: KEY_PEPPER_PREVIOUS, optional: true }
# With a user and a password; without them it is one of "variables".
- name: HTTPS_PROXY
  valueFrom:
    secretKeyRef: { name: {{ .Values.keys.existingSecret | quote }}, key: HTTPS_PROXY, optional: true }
{{- with .Values.redis.existingSecret }}
# One of them is there.
{{- range $name := list "REDIS_URL" "REDIS_CLUSTER_NODES" "REDIS_SENTINELS" "REDIS_SENTINEL_NAME" }}
- name: {{ $name }}
  valueFrom:
    secretKeyRef: { name: {{ $.Values.redis.existingSecret | quote }}, key: {{ $name }}, optional: true }
{{- end }}
{{- end }}
{{- end }}

{{/*
The variables of a component that are its own and no secrets, as JSON. A worker asks the providers of the gateway, in the
same way; what concerns a process alone it does not take from there.
*/}}
{{- define "ccg.componentVariables" -}}
{{- if eq .component "worker" }}
{{- $shared := omit .root.Values.gateway.variables "DRAIN_DELAY_MS" "DRAIN_TIMEOUT_MS" "OPS_PORT" "OTEL_SERVICE_NAME" "PORT" }}
{{- merge (dict) .values.variables $shared | toJson }}
{{- else }}
{{- toJson .values.variables }}
{{- end }}
{{- end }}

{{/* The same of one component: what gateway and worker alone need as a credential, the admin app never sees. */}}
{{- define "ccg.ownVariables" -}}
{{- if ne .component "admin" }}
- name: SEALING_KEYS
  valueFrom:
    secretKeyRef: { name: {{ .root.Values.keys.existingSecret | quote }}, key: SEALING_KEYS, optional: true }
- name: OTEL_EXPORTER_OTLP_HEADERS
  valueFrom:
    secretKeyRef: { name: {{ .root.Values.keys.existingSecret | quote }}, key: OTEL_EXPORTER_OTLP_HEADERS, optional: true }
{{- with .root.Values.batches.existingSecret }}
- name: AWS_ACCESS_KEY_ID
  valueFrom:
    secretKeyRef: { name: {{ . | quote }}, key: AWS_ACCESS_KEY_ID }
- name: AWS_SECRET_ACCESS_KEY
  valueFrom:
    secretKeyRef: { name: {{ . | quote }}, key: AWS_SECRET_ACCESS_KEY }
{{- end }}
{{- else }}
- name: ADMIN_TOKEN_FILE
  value: /etc/ccg/admin/token
{{- end }}
{{- end }}

{{/* gateway.yaml, or nothing. */}}
{{- define "ccg.config" -}}
{{- with .Values.config }}
{{- toYaml (merge (dict "version" 1) .) }}
{{- end }}
{{- end }}
