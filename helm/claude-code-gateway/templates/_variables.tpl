{{/* Variables that are no secrets, of values that all components share. */}}
{{- define "ccg.sharedVariables" -}}
{{- $config := .Values.config -}}
LOG_LEVEL: {{ .Values.logLevel | quote }}
REDIS_KEY_PREFIX: {{ .Values.redis.keyPrefix | quote }}
{{- with .Values.redis.url }}
REDIS_URL: {{ . | quote }}
{{- end }}
{{- with .Values.trustProxy }}
TRUST_PROXY: {{ join "," . | quote }}
{{- end }}
{{- if $config }}
GATEWAY_CONFIG: /etc/ccg/config/gateway.yaml
{{- end }}
{{- end }}

{{/* Variables that are secrets: each from a key of the same name. */}}
{{- define "ccg.secretVariables" -}}
- name: KEY_PEPPER
  valueFrom:
    secretKeyRef: { name: {{ .Values.keys.existingSecret }}, key: KEY_PEPPER }
- name: KEY_PEPPER_PREVIOUS
  valueFrom:
    secretKeyRef: { name: {{ .Values.keys.existingSecret }}, key: KEY_PEPPER_PREVIOUS, optional: true }
{{- with .Values.redis.existingSecret }}
- name: REDIS_URL
  valueFrom:
    secretKeyRef: { name: {{ . }}, key: REDIS_URL }
{{- end }}
{{- end }}

{{/* gateway.yaml, or nothing. */}}
{{- define "ccg.config" -}}
{{- with .Values.config }}
{{- toYaml (merge (dict "version" 1) .) }}
{{- end }}
{{- end }}
