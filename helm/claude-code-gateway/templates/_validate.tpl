{{/* What is wrong with the values together, or in a way that deserves a remedy: one sentence each. */}}
{{- define "ccg.problems" -}}
{{- $problems := list }}
{{- $values := .Values }}
{{- if not $values.keys.existingSecret }}
  {{- $problems = append $problems (printf "keys.existingSecret is required: the Secret that holds KEY_PEPPER. Make one: kubectl -n %s create secret generic ccg-keys --from-literal=KEY_PEPPER=$(openssl rand -hex 32)" .Release.Namespace) }}
{{- end }}
{{- if and $values.admin.enabled (not $values.admin.existingSecret) }}
  {{- $problems = append $problems (printf "admin.existingSecret is required: the Secret whose key token is the token of the operators. Make one: kubectl -n %s create secret generic ccg-admin --from-literal=token=$(openssl rand -hex 32). Or set admin.enabled to false." .Release.Namespace) }}
{{- end }}
{{- if and (include "ccg.isBehindProxy" .) (not $values.trustProxy) }}
  {{- $problems = append $problems "trustProxy is required with an ingress or a route: without it all clients have the address of the proxy, and bad credentials of one slow down all. Set it to the addresses of the proxy's pods, such as [10.244.0.0/16]." }}
{{- end }}
{{- with $values.gateway.httpRoute }}
  {{- if and .enabled (not .parentRefs) }}
    {{- $problems = append $problems "gateway.httpRoute.parentRefs is required: the Gateways that the route belongs to, such as [{name: public, namespace: gateways}]." }}
  {{- end }}
{{- end }}
{{- range $name, $rule := $values.networkPolicy.egress }}
  {{- range $rule.to }}
    {{- if not (or .cidr .namespace .podLabels) }}
      {{- $problems = append $problems (printf "networkPolicy.egress.%s.to: a peer needs cidr, namespace or podLabels." $name) }}
    {{- end }}
  {{- end }}
{{- end }}
{{- range $place, $mounts := dict "mounts" $values.mounts "gateway.mounts" $values.gateway.mounts "worker.mounts" $values.worker.mounts "admin.mounts" $values.admin.mounts }}
  {{- range $index, $mount := $mounts }}
    {{- if eq (empty $mount.secret) (empty $mount.configMap) }}
      {{- $problems = append $problems (printf "%s[%d] needs either secret or configMap, whose keys are the files." $place $index) }}
    {{- end }}
  {{- end }}
{{- end }}
{{- if and $values.config.tenants (not $values.admin.enabled) }}
  {{- $problems = append $problems "config.tenants needs the admin API, which brings them into Redis. Set admin.enabled to true, or remove config.tenants." }}
{{- end }}
{{- $problems = concat $problems (include "ccg.batchProblems" . | fromJsonArray) }}
{{- $problems = concat $problems (include "ccg.redisProblems" . | fromJsonArray) }}
{{- $problems = concat $problems (include "ccg.inlineSecrets" . | fromJsonArray) }}
{{- range $component := include "ccg.components" . | fromJsonArray }}
  {{- $problems = concat $problems (include "ccg.componentProblems" (dict "root" $ "component" $component "values" (index $values $component)) | fromJsonArray) }}
{{- end }}
{{- toJson $problems }}
{{- end }}

{{/* Not empty where requests come through a proxy of the cluster. */}}
{{- define "ccg.isBehindProxy" -}}
{{- if or .Values.gateway.ingress.enabled .Values.gateway.httpRoute.enabled (and .Values.admin.enabled .Values.admin.ingress.enabled) }}yes{{ end }}
{{- end }}

{{/* No secret stands in the values: Helm keeps them in the cluster for everybody who may read its releases. */}}
{{- define "ccg.inlineSecrets" -}}
{{- $problems := list }}
{{- $places := dict "variables" .Values.variables "gateway.variables" .Values.gateway.variables "worker.variables" .Values.worker.variables "admin.variables" .Values.admin.variables }}
{{- range $place, $variables := $places }}
  {{- range $holder, $names := include "ccg.secretNames" $ | fromJson }}
    {{- range $name := $names }}
      {{- if hasKey $variables $name }}
        {{- $problems = append $problems (printf "%s.%s is a secret. Put it under the key %s into the Secret that %s.existingSecret names, and remove it here." $place $name $name $holder) }}
      {{- end }}
    {{- end }}
  {{- end }}
{{- end }}
{{- $urls := dict }}
{{- range $name, $value := .Values.gateway.variables }}
  {{- if regexMatch "_(BASE_URL|API_BASE)$" $name }}{{ $_ := set $urls (printf "gateway.variables.%s" $name) $value }}{{ end }}
{{- end }}
{{- range $name, $provider := .Values.config.providers }}
  {{- $_ := set $urls (printf "config.providers.%s.baseUrl" $name) ($provider.baseUrl | default "") }}
{{- end }}
{{- range $place, $url := $urls }}
  {{- if regexMatch "^[^/]*//[^/?#]*@|[?]" $url }}
    {{- $problems = append $problems (printf "%s holds a user, a password or a query. Remove it there. The credential of a provider belongs into the Secret that credentials.existingSecret names." $place) }}
  {{- end }}
{{- end }}
{{- if contains "@" (.Values.variables.HTTPS_PROXY | default "") }}
  {{- $problems = append $problems "variables.HTTPS_PROXY holds a user or a password. Put it under the key HTTPS_PROXY into the Secret that keys.existingSecret names, and remove it here." }}
{{- end }}
{{- range $name, $provider := .Values.config.providers }}
  {{- if kindIs "string" $provider.credential }}
    {{- $problems = append $problems (printf "config.providers.%s.credential is a secret. Put it into the Secret that credentials.existingSecret names, and refer to its key by {env: NAME}." $name) }}
  {{- end }}
  {{- range $header, $value := $provider.headers }}
    {{- if and (kindIs "string" $value) (regexMatch "(?i)(^|[-_])(auth|authorization|key)$|api-?key|cookie|token|secret|password" $header) }}
      {{- $problems = append $problems (printf "config.providers.%s.headers.%s is a secret. Put it into the Secret that credentials.existingSecret names, and refer to its key by {env: NAME}." $name $header) }}
    {{- end }}
  {{- end }}
{{- end }}
{{- toJson $problems }}
{{- end }}

{{/* Variables of the gateway that are secrets, and which Secret holds them. */}}
{{- define "ccg.secretNames" -}}
{{ dict
  "credentials" (list "ANTHROPIC_API_KEY" "OPENAI_API_KEY" "NVIDIA_API_KEY" "OPENROUTER_API_KEY" "GEMINI_API_KEY" "OLLAMA_API_KEY")
  "keys" (list "KEY_PEPPER" "KEY_PEPPER_PREVIOUS" "SEALING_KEYS" "OTEL_EXPORTER_OTLP_HEADERS")
  "redis" (list "REDIS_URL")
  "batches" (list "AWS_ACCESS_KEY_ID" "AWS_SECRET_ACCESS_KEY")
  | toJson }}
{{- end }}

{{/* What is wrong with the values of message batches. */}}
{{- define "ccg.batchProblems" -}}
{{- $problems := list }}
{{- $variables := .Values.variables }}
{{- with .Values.worker }}
  {{- if and .enabled (not $variables.PUBLIC_BASE_URL) }}
    {{- $problems = append $problems "variables.PUBLIC_BASE_URL is required with worker.enabled: the URL at which clients reach the gateway, such as https://claude.example.com. Without it the gateway takes no batches." }}
  {{- end }}
  {{- if and $variables.PUBLIC_BASE_URL (not .enabled) }}
    {{- $problems = append $problems "variables.PUBLIC_BASE_URL lets the gateway take batches, which nobody would run. Set worker.enabled to true, or remove variables.PUBLIC_BASE_URL." }}
  {{- end }}
  {{- if and .enabled .keda.enabled }}
    {{- if .autoscaling.enabled }}
      {{- $problems = append $problems "worker.keda and worker.autoscaling both choose the number of pods. Set one of them to enabled: false." }}
    {{- end }}
    {{- if not .keda.serverAddress }}
      {{- $problems = append $problems "worker.keda.serverAddress is required with worker.keda: the URL of the Prometheus that reads the metrics, such as http://prometheus-operated.monitoring:9090." }}
    {{- end }}
    {{- if gt (int .keda.minReplicas) (int .keda.maxReplicas) }}
      {{- $problems = append $problems "worker.keda.minReplicas is above maxReplicas." }}
    {{- end }}
    {{- if and (eq (int .keda.minReplicas) 0) (not $.Values.admin.enabled) }}
      {{- $problems = append $problems "worker.keda.minReplicas is 0, and without the admin API nobody tells the backlog while no worker runs. Set admin.enabled to true, or worker.keda.minReplicas to 1." }}
    {{- end }}
  {{- end }}
{{- end }}
{{- if eq ($variables.BATCH_STORE | default "") "directory" }}
  {{- $problems = append $problems "variables.BATCH_STORE is directory, which pods do not share. Set it to s3, or to redis for batches of up to 16 MB." }}
{{- end }}
{{- if and (eq ($variables.BATCH_STORE | default "") "s3") (not $variables.BATCH_S3_BUCKET) }}
  {{- $problems = append $problems "variables.BATCH_S3_BUCKET is required with BATCH_STORE: s3: the bucket for the inputs and results of batches." }}
{{- end }}
{{- if contains "@" ($variables.BATCH_S3_ENDPOINT | default "") }}
  {{- $problems = append $problems "variables.BATCH_S3_ENDPOINT holds a user or a password. Remove it there, and name in batches.existingSecret the Secret with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY." }}
{{- end }}
{{- toJson $problems }}
{{- end }}

{{- define "ccg.componentProblems" -}}
{{- $problems := list }}
{{- $component := .component }}
{{- with .values }}
  {{- $isWorker := eq $component "worker" }}
  {{- $neededMs := addf (.variables.DRAIN_DELAY_MS | default 0) (dig "DRAIN_TIMEOUT_MS" ($isWorker | ternary 100000 600000) .variables) 15000 }}
  {{- if lt (mulf .terminationGracePeriodSeconds 1000) $neededMs }}
    {{- $problems = append $problems (printf "%s.terminationGracePeriodSeconds is too short: %s would be cut. Set it to %d or more (DRAIN_DELAY_MS + DRAIN_TIMEOUT_MS + 15 s), or lower DRAIN_TIMEOUT_MS." $component ($isWorker | ternary "items" "streams") (divf $neededMs 1000 | ceil | int64)) }}
  {{- end }}
  {{- if and (not $isWorker) (eq (include "ccg.port" $) (include "ccg.opsPort" $)) }}
    {{- $problems = append $problems (printf "%s.variables.%s and OPS_PORT must differ: the one is for clients, the other for probes and metrics." $component (include "ccg.portVariable" $)) }}
  {{- end }}
  {{- if dig "ingress" "enabled" false . }}
    {{- if not .ingress.host }}
      {{- $problems = append $problems (printf "%s.ingress.host is required: the host name that clients use." $component) }}
    {{- end }}
    {{- if and (eq $component "admin") (not .ingress.tlsSecret) }}
      {{- $problems = append $problems "admin.ingress.tlsSecret is required: operators would send their token in plain text. Name a Secret with a certificate of the host." }}
    {{- end }}
  {{- end }}
  {{- if .autoscaling.enabled }}
    {{- if gt (int .autoscaling.minReplicas) (int .autoscaling.maxReplicas) }}
      {{- $problems = append $problems (printf "%s.autoscaling.minReplicas is above maxReplicas." $component) }}
    {{- end }}
    {{- if not (dig "requests" "cpu" "" .resources) }}
      {{- $problems = append $problems (printf "%s.resources.requests.cpu is required while %s.autoscaling.enabled is true: cpuUtilization is a share of it." $component $component) }}
    {{- end }}
  {{- end }}
{{- end }}
{{- toJson $problems }}
{{- end }}
