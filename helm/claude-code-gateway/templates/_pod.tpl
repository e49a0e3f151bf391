{{/* What every pod of ours has: no token of the cluster's API, no root, nothing writable but /tmp. */}}
{{- define "ccg.podSecurity" -}}
automountServiceAccountToken: false
# Variables such as ADMIN_PORT would be those of Services with such names.
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  {{- with .Values.runAsUser }}
  runAsUser: {{ include "ccg.text" . }}
  runAsGroup: {{ include "ccg.text" . }}
  fsGroup: {{ include "ccg.text" . }}
  {{- end }}
  seccompProfile: { type: RuntimeDefault }
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
{{- end }}

{{- define "ccg.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
{{- end }}

{{/* A pod is live while its event loop answers, and ready while it can serve. */}}
{{- define "ccg.probes" -}}
startupProbe:
  httpGet: { path: /livez, port: ops }
  periodSeconds: 2
  failureThreshold: 60
livenessProbe:
  httpGet: { path: /livez, port: ops }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet: { path: /readyz, port: ops }
  periodSeconds: 2
  timeoutSeconds: 2
  failureThreshold: 2
{{- end }}

{{/* The files that a component has besides, as a JSON list. The providers of a worker may need those of the gateway. */}}
{{- define "ccg.mounts" -}}
{{- concat .root.Values.mounts (eq .component "worker" | ternary .root.Values.gateway.mounts list) .values.mounts | toJson }}
{{- end }}

{{- define "ccg.volumeMounts" -}}
- name: tmp
  mountPath: /tmp
{{- if .root.Values.config }}
- name: config
  mountPath: /etc/ccg/config
  readOnly: true
{{- end }}
{{- if eq .component "admin" }}
- name: token
  mountPath: /etc/ccg/admin
  readOnly: true
{{- end }}
{{- range $name, $_ := include "ccg.redisMounts" .root | fromJson }}
- name: {{ $name }}
  mountPath: /etc/ccg/{{ $name }}
  readOnly: true
{{- end }}
{{- range $index, $mount := include "ccg.mounts" . | fromJsonArray }}
- name: mount-{{ $index }}
  mountPath: {{ $mount.path | quote }}
  readOnly: true
{{- end }}
{{- end }}

{{/* Folders and not single files: Kubernetes never updates a file that is mounted alone. */}}
{{- define "ccg.volumes" -}}
- name: tmp
  emptyDir: {}
{{- if .root.Values.config }}
- name: config
  configMap:
    name: {{ include "ccg.release" .root }}-config
{{- end }}
{{- if eq .component "admin" }}
- name: token
  secret: { secretName: {{ .values.existingSecret | quote }}, defaultMode: 0440 }
{{- end }}
{{- range $name, $secret := include "ccg.redisMounts" .root | fromJson }}
- name: {{ $name }}
  secret: { secretName: {{ $secret | quote }}, defaultMode: 0440 }
{{- end }}
{{- range $index, $mount := include "ccg.mounts" . | fromJsonArray }}
- name: mount-{{ $index }}
  {{- with $mount.secret }}
  secret: { secretName: {{ . | quote }}, defaultMode: 0440 }
  {{- end }}
  {{- with $mount.configMap }}
  configMap: { name: {{ . | quote }} }
  {{- end }}
{{- end }}
{{- end }}

{{/* Where the pods of a component run. */}}
{{- define "ccg.placement" -}}
{{- with .values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- with .values.topologySpread }}
topologySpreadConstraints:
  {{- range . }}
  - topologyKey: {{ . | quote }}
    maxSkew: 1
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "ccg.selector" $ | nindent 8 }}
    # Pods of the old version, which are about to go, do not count.
    matchLabelKeys: [pod-template-hash]
  {{- end }}
{{- end }}
{{- end }}
