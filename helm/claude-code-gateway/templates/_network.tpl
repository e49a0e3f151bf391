{{/* Peers of a NetworkPolicy: a range of addresses, or pods of this or another namespace. */}}
{{- define "ccg.peers" -}}
{{- range . }}
{{- if .cidr }}
- ipBlock:
    cidr: {{ .cidr | quote }}
    {{- with .except }}
    except:
      {{- toYaml . | nindent 6 }}
    {{- end }}
{{- else if .namespace }}
- namespaceSelector:
    matchLabels: { kubernetes.io/metadata.name: {{ .namespace | quote }} }
  {{- with .podLabels }}
  podSelector:
    matchLabels:
      {{- toYaml . | nindent 6 }}
  {{- end }}
{{- else }}
- podSelector:
    matchLabels:
      {{- toYaml .podLabels | nindent 6 }}
{{- end }}
{{- end }}
{{- end }}

{{- define "ccg.toGateway" -}}
- ports: [{ port: http }]
  to:
    - podSelector:
        matchLabels:
          {{- include "ccg.selector" (dict "root" . "component" "gateway") | nindent 10 }}
{{- end }}

{{/* The rules of gateway and admin: that of Redis has the ports that the values name, too. A built-in Redis has its own. */}}
{{- define "ccg.egressRules" -}}
{{- $rules := deepCopy .Values.networkPolicy.egress }}
{{- if .Values.redis.builtIn.enabled }}
{{- $rules = omit $rules "redis" }}
{{- end }}
{{- with $rules.redis }}
{{- $_ := set . "ports" (concat .ports (include "ccg.redisPorts" $ | fromJsonArray) | uniq) }}
{{- end }}
{{- toJson $rules }}
{{- end }}

{{/* Rules by name, as those of a NetworkPolicy. */}}
{{- define "ccg.egress" -}}
{{- range $name, $rule := . }}
# {{ $name }}
- ports:
    {{- range $port := $rule.ports }}
    {{- range $rule.protocols | default (list "TCP") }}
    - { port: {{ $port }}, protocol: {{ . }} }
    {{- end }}
    {{- end }}
  {{- with $rule.to }}
  to:
    {{- include "ccg.peers" . | trim | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}
