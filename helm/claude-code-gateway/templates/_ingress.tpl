{{/*
Annotations with which a controller neither buffers nor cuts streams, and takes bodies that are too large, so that the gateway
refuses them in the words that Claude Code understands.
*/}}
{{- define "ccg.streamFit" -}}
{{- if eq .controller "ingress-nginx" }}
nginx.ingress.kubernetes.io/proxy-buffering: "off"
nginx.ingress.kubernetes.io/proxy-request-buffering: "off"
nginx.ingress.kubernetes.io/proxy-read-timeout: "3600"
nginx.ingress.kubernetes.io/proxy-send-timeout: "3600"
nginx.ingress.kubernetes.io/proxy-body-size: 512m
{{- else if eq .controller "nginx.org" }}
nginx.org/proxy-buffering: "False"
nginx.org/proxy-read-timeout: 3600s
nginx.org/proxy-send-timeout: 3600s
nginx.org/client-max-body-size: 512m
{{- else if eq .controller "haproxy.org" }}
haproxy.org/timeout-server: 3600s
{{- else if eq .controller "alb" }}
alb.ingress.kubernetes.io/target-type: ip
alb.ingress.kubernetes.io/healthcheck-path: /api/hello
alb.ingress.kubernetes.io/load-balancer-attributes: idle_timeout.timeout_seconds=3600
alb.ingress.kubernetes.io/target-group-attributes: deregistration_delay.timeout_seconds=600
{{- end }}
{{- end }}

{{/*
Where developers reach the gateway; http://127.0.0.1:4000 where that is by port-forward alone. HOST stands for what the values
leave open.
*/}}
{{- define "ccg.url" -}}
{{- with .Values.gateway -}}
{{- if .ingress.enabled -}}
{{ ternary "http" "https" (empty .ingress.tlsSecret) }}://{{ .ingress.host | replace "*" "HOST" }}
{{- else if .httpRoute.enabled -}}
https://{{ first (append .httpRoute.hostnames "HOST") | replace "*" "HOST" }}
{{- else -}}
http://127.0.0.1:4000
{{- end }}
{{- end }}
{{- end }}
