{{/* Variables that say which Redis is used, apart from those in a Secret. */}}
{{- define "ccg.redisVariables" -}}
{{- with .Values.redis }}
REDIS_KEY_PREFIX: {{ .keyPrefix | quote }}
{{- if .builtIn.enabled }}
REDIS_URL: redis://{{ include "ccg.release" $ }}-redis:6379
{{- end }}
{{- with .url }}
REDIS_URL: {{ . | quote }}
{{- end }}
{{- with .clusterNodes }}
REDIS_CLUSTER_NODES: {{ join "," . | quote }}
{{- end }}
{{- with .sentinels }}
REDIS_SENTINELS: {{ join "," . | quote }}
{{- end }}
{{- with .sentinelName }}
REDIS_SENTINEL_NAME: {{ . | quote }}
{{- end }}
{{- if .passwordSecret }}
REDIS_PASSWORD_FILE: /etc/ccg/redis-password/password
{{- end }}
{{- if .tlsSecret }}
REDIS_CA_FILE: /etc/ccg/redis-tls/ca.crt
{{- if .clientCertificate }}
REDIS_CERT_FILE: /etc/ccg/redis-tls/tls.crt
REDIS_KEY_FILE: /etc/ccg/redis-tls/tls.key
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* The Secrets of Redis that gateway and admin mount: name of the volume and folder → name of the Secret. */}}
{{- define "ccg.redisMounts" -}}
{{- $mounts := dict }}
{{- with .Values.redis.passwordSecret }}{{ $_ := set $mounts "redis-password" . }}{{ end }}
{{- with .Values.redis.tlsSecret }}{{ $_ := set $mounts "redis-tls" . }}{{ end }}
{{- toJson $mounts }}
{{- end }}

{{/* The URLs of Redis, its nodes or Sentinels that stand in the values, as a JSON list. */}}
{{- define "ccg.redisUrls" -}}
{{- with .Values.redis -}}
{{ concat (list .url) (.clusterNodes | default list) (.sentinels | default list) | compact | toJson }}
{{- end }}
{{- end }}

{{/* The ports in these URLs, as a JSON list. */}}
{{- define "ccg.redisPorts" -}}
{{- $ports := list }}
{{- $usual := .Values.redis.sentinels | empty | ternary ":6379" ":26379" }}
{{- range include "ccg.redisUrls" . | fromJsonArray }}
  {{- $port := regexFind "^[a-z]+://[^/?#]+" . | regexFind ":[0-9]+$" | default $usual }}
  {{- $ports = append $ports (trimPrefix ":" $port | float64) }}
{{- end }}
{{- toJson $ports }}
{{- end }}

{{/* The bytes of a quantity of Kubernetes, or of Redis (384mb). */}}
{{- define "ccg.bytes" -}}
{{- $units := dict "k" 1000 "M" 1000000 "G" 1000000000 "T" 1000000000000 "Ki" 1024 "Mi" 1048576 "mb" 1048576 "Gi" 1073741824 "gb" 1073741824 "Ti" 1099511627776 }}
{{- $text := include "ccg.text" . }}
{{- mulf (regexFind "^[0-9.]+" $text) (get $units (regexFind "[A-Za-z]+$" $text) | default 1) | int64 }}
{{- end }}

{{/* Redis has exactly one source, and what belongs to it. */}}
{{- define "ccg.redisProblems" -}}
{{- $problems := list }}
{{- $sources := list }}
{{- with .Values.redis }}
  {{- range $name := list "existingSecret" "url" "clusterNodes" "sentinels" }}
    {{- if get $.Values.redis $name }}{{ $sources = append $sources (printf "redis.%s" $name) }}{{ end }}
  {{- end }}
  {{- if .builtIn.enabled }}{{ $sources = append $sources "redis.builtIn" }}{{ end }}
  {{- range $name := list "url" "clusterNodes" "sentinels" }}
    {{- if regexMatch "@|(?i)[?&][^=&]*(user|pass)" (get $.Values.redis $name | toString) }}
      {{- $problems = append $problems (printf "redis.%s holds a user or a password. Put it under the key %s into a Secret, and name that in redis.existingSecret." $name (get (dict "url" "REDIS_URL" "clusterNodes" "REDIS_CLUSTER_NODES" "sentinels" "REDIS_SENTINELS") $name)) }}
    {{- end }}
  {{- end }}
  {{- if and .builtIn.enabled (not .passwordSecret) }}
    {{- $problems = append $problems (printf "redis.passwordSecret is required with redis.builtIn: the Secret whose key password is its password. Make one: kubectl -n %s create secret generic ccg-redis --from-literal=password=$(openssl rand -hex 32)" $.Release.Namespace) }}
  {{- end }}
  {{- $limit := dig "limits" "memory" "" (.builtIn.resources | default dict) }}
  {{- if and .builtIn.enabled $limit (ge (include "ccg.bytes" .builtIn.maxMemory | int64) (include "ccg.bytes" $limit | int64)) }}
    {{- $problems = append $problems "redis.builtIn.maxMemory must be below redis.builtIn.resources.limits.memory: Kubernetes would end Redis before it refuses a write." }}
  {{- end }}
  {{- if and .sentinels (not .sentinelName) }}
    {{- $problems = append $problems "redis.sentinelName is required with redis.sentinels: the name that the Sentinels have for the primary." }}
  {{- end }}
  {{- if and .sentinelName (not .sentinels) }}
    {{- $problems = append $problems "redis.sentinelName is used with redis.sentinels alone. Set that too, or remove redis.sentinelName." }}
  {{- end }}
  {{- if and .clientCertificate (not .tlsSecret) }}
    {{- $problems = append $problems "redis.tlsSecret is required with redis.clientCertificate: the Secret with ca.crt, tls.crt and tls.key." }}
  {{- end }}
  {{- $urls := include "ccg.redisUrls" $ | fromJsonArray }}
  {{- $plain := list }}
  {{- range $urls }}
    {{- if hasPrefix "redis://" . }}{{ $plain = append $plain . }}{{ end }}
  {{- end }}
  {{- if and $plain (lt (len $plain) (len $urls)) (eq (len $sources) 1) }}
    {{- $problems = append $problems (printf "%s has URLs with redis:// and with rediss://. Write one of them in all." (first $sources)) }}
  {{- else if and .tlsSecret $plain }}
    {{- $problems = append $problems "redis.tlsSecret is for TLS alone. Write rediss:// in the URLs of Redis, or remove redis.tlsSecret." }}
  {{- end }}
  {{- if and .tlsSecret .builtIn.enabled }}
    {{- $problems = append $problems "redis.tlsSecret is not for redis.builtIn, which speaks no TLS. Remove it." }}
  {{- end }}
{{- end }}
{{- if not $sources }}
  {{- $problems = append $problems "There is no Redis. Set redis.existingSecret (a Secret whose key REDIS_URL holds the URL), redis.url, redis.clusterNodes, redis.sentinels or redis.builtIn." }}
{{- else if gt (len $sources) 1 }}
  {{- $problems = append $problems (printf "There are several Redis: %s. Keep one of them." (join ", " $sources)) }}
{{- end }}
{{- toJson $problems }}
{{- end }}
